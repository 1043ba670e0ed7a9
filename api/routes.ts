/** Every route of the API, in the order in which its description has them. */
import type { ApiRoute } from './route';
import { batchRoute } from './routes/batch-route';
import { certificateRoute } from './routes/certificate-route';
import { decisionRoutes } from './routes/decision-routes';
import { previewRoute } from './routes/preview-route';
import { reportRoute } from './routes/report-route';
import { requestRoutes } from './routes/request-routes';
import { signDecisionRoutes } from './routes/sign-decision-route';
import type { ApiServices } from './services';

export function apiRoutes(services: ApiServices): readonly ApiRoute[] {
  return [
    ...requestRoutes(services),
    ...decisionRoutes(services),
    certificateRoute(services),
    previewRoute(services),
    batchRoute(services),
    reportRoute(services),
    ...signDecisionRoutes(services),
  ];
}
