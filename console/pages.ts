/** Every page of the console and every form that it takes. */
import type { PageRoute } from './page';
import { certificatePages } from './pages/certificate-page';
import { decisionPages } from './pages/decision-pages';
import { inboxPages } from './pages/inbox-page';
import { manyDecisionPages } from './pages/many-decisions-page';
import { manyPages } from './pages/many-page';
import { newRequestPages } from './pages/new-request-page';
import { reportPages } from './pages/report-page';
import { requestPages } from './pages/request-page';
import { verifyPages } from './pages/verify-page';
import type { ConsoleServices } from './console-services';

export function consolePages(services: ConsoleServices): readonly PageRoute[] {
  return [
    ...inboxPages(services),
    ...newRequestPages(services),
    ...manyPages(services),
    ...reportPages(services),
    ...requestPages(services),
    ...decisionPages(services),
    ...manyDecisionPages(services),
    ...certificatePages(services),
    ...verifyPages(services),
  ];
}
