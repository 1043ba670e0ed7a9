/** A page in a real browser at the scripted server of the console's bench, with its staff member logged in. */
import type { FastifyInstance } from 'fastify';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { AccessRole } from '../../domain/access-role';
import type { ConsoleBench } from '../console/console-bench';

export async function openBenchPage(
  browser: Browser,
  {
    bench,
    server,
    roles,
    staff,
    context: options = {},
  }: {
    readonly bench: ConsoleBench;
    readonly server: FastifyInstance;
    readonly roles: readonly AccessRole[];
    readonly staff?: string;
    readonly context?: BrowserContextOptions;
  },
): Promise<{ readonly page: Page; readonly url: string }> {
  const { cookies } = await bench.loggedIn(server, roles, staff);
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const context = await browser.newContext(options);
  // Its cookies are for https alone, which a browser takes this address for.
  await context.addCookies(
    [...cookies].map(([name, value]) => ({
      name,
      value: encodeURIComponent(value),
      url: url.replace('http:', 'https:'),
      secure: true,
    })),
  );
  return { page: await context.newPage(), url };
}
