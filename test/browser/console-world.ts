/** The whole system with its console, and browsers that staff members are logged in with. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { readServerConfig } from '../../config/server-config';
import { freePorts } from '../../local/engine/ports';
import { LOCAL_AUDIENCE, LOCAL_CLIENT_ID, LOCAL_ROLES, startLocalLogin, type LocalLogin } from '../../local/login-page';
import { startServer } from '../../server/server-process';
import type { Listening } from '../../temporal/temporal-behind';
import { Story, type StoryOptions } from '../support/story';
import { openBrowser } from './browser';

export type Staff = 'staff-clerk' | 'staff-officer';

export class ConsoleWorld {
  readonly story: Story;
  readonly url: string;
  /** What browsers said of errors: scripts that broke, and what the content policy kept out. */
  readonly complaints: string[] = [];
  readonly #browser: Browser;
  readonly #login: LocalLogin;
  readonly #server: Listening;

  private constructor(parts: {
    readonly story: Story;
    readonly url: string;
    readonly browser: Browser;
    readonly login: LocalLogin;
    readonly server: Listening;
  }) {
    this.story = parts.story;
    this.url = parts.url;
    this.#browser = parts.browser;
    this.#login = parts.login;
    this.#server = parts.server;
  }

  /** `now`: the server's clock, epoch ms. */
  static async open({ now, ...options }: StoryOptions & { readonly now?: () => number } = {}): Promise<ConsoleWorld> {
    const story = await Story.open(options);
    const [port = 0] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const login = await startLocalLogin({ port: 0, redirectUri: `${url}/login/callback` });
    const config = readServerConfig({
      ...story.environment,
      SERVER_PORT: String(port),
      SERVER_PUBLIC_URL: url,
      SERVER_OIDC_ISSUER: login.url,
      SERVER_OIDC_AUDIENCE: LOCAL_AUDIENCE,
      SERVER_OIDC_CLIENT_ID: LOCAL_CLIENT_ID,
      SERVER_OIDC_ROLES: LOCAL_ROLES,
    });
    const clock = now === undefined ? {} : { now };
    const server = await startServer(config, { logger: story.logger, version: '0.0.0', ...clock });
    return new ConsoleWorld({ story, url, browser: await openBrowser(), login, server });
  }

  /** A browser of its own, in which this staff member has logged in. */
  async loggedIn(staff: Staff, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', ...options });
    const page = await context.newPage();
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      // A page that says 409 or 422 is one of ours.
      if (message.type() === 'error' && !message.text().includes('the server responded with a status of 4')) {
        this.complaints.push(message.text());
      }
    });
    await page.goto(this.url);
    await page.getByRole('button', { name: `Log in as ${staff}` }).click();
    await page.waitForURL(`${this.url}/**`);
    return page;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.close();
    await this.#login.close();
    await this.story.close();
  }
}
