/** Every page of the console and every form that it takes. */
import type { PageRoute } from './page';
import { inboxPages } from './pages/inbox-page';
import { newRequestPages } from './pages/new-request-page';
import type { ConsoleServices } from './console-services';

export function consolePages(services: ConsoleServices): readonly PageRoute[] {
  return [...inboxPages(services), ...newRequestPages(services)];
}
