/** Every page of the console and every form that it takes. */
import type { PageRoute } from './page';
import { inboxPages } from './pages/inbox-page';
import { decisionPages } from './pages/decision-pages';
import { newRequestPages } from './pages/new-request-page';
import { requestPages } from './pages/request-page';
import type { ConsoleServices } from './console-services';

export function consolePages(services: ConsoleServices): readonly PageRoute[] {
  return [...inboxPages(services), ...newRequestPages(services), ...requestPages(services), ...decisionPages(services)];
}
