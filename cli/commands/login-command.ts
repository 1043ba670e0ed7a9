import type { Command } from 'commander';
import { defined } from '../../domain/defined';
import { remark, type CommandContext } from '../context';
import { wholeNumber } from '../options';

interface LoginCommandOptions {
  readonly device?: boolean;
  readonly port?: number;
}

export function addLogin(program: Command, context: CommandContext): void {
  program
    .command('login')
    .description('log in at the identity provider, so that the server signs your decisions')
    .option('--device', 'log in by a code on another device, where the identity provider offers that')
    .option(
      '--port <PORT>',
      'port of this machine that the browser comes back to, if it has to be a certain one',
      wholeNumber('--port', 65_535),
    )
    .addHelpText(
      'after',
      `
Prints an address to open in a browser. Needs ERASURE_OIDC_ISSUER and ERASURE_OIDC_CLIENT_ID. The login is kept in a file that
only you can read, until it is over or erasure logout. Decisions are signed by the server at ERASURE_SERVER_URL.

Example:
  erasure login`,
    )
    .action((options: LoginCommandOptions) => login(options, context));
}

export function addLogout(program: Command, context: CommandContext): void {
  program
    .command('logout')
    .description('forget the login on this machine')
    .addHelpText(
      'after',
      `
The session in your browser goes on: end it there.

Example:
  erasure logout`,
    )
    .action(() => logout(context));
}

async function login({ device, port }: LoginCommandOptions, context: CommandContext): Promise<void> {
  const { environment } = context;
  const { readLoginConfig } = await import('../../config/staff-config.js');
  const config = readLoginConfig(environment);
  const { readProxy } = await import('../../config/network-config.js');
  const { createAgents } = await import('../../network/agents.js');
  const { createFetch } = await import('../../network/fetch.js');
  const proxy = readProxy(environment);
  const { logIn } = await import('../login-flow.js');
  const { keepLogin } = await import('../login-file.js');
  const { idToken, expiresAt, subject } = await logIn({
    config,
    way: device === true ? 'device' : 'browser',
    hasBrowser: hasBrowser(context),
    ...defined({ port }),
    fetch: createFetch(createAgents({ proxy })),
    tell: (...lines) => remark(context, ...lines),
  });
  await keepLogin({ issuer: config.issuer, clientId: config.clientId, idToken, expiresAt }, environment);
  const who = subject === undefined ? '' : ` as ${subject}`;
  remark(context, `You are logged in${who} until ${new Date(expiresAt).toISOString()}.`);
}

/** Elsewhere than on Linux there always is one. */
function hasBrowser({ environment }: CommandContext): boolean {
  const { DISPLAY, WAYLAND_DISPLAY } = environment;
  return process.platform !== 'linux' || Boolean(DISPLAY) || Boolean(WAYLAND_DISPLAY);
}

async function logout(context: CommandContext): Promise<void> {
  const { forgetLogin } = await import('../login-file.js');
  const wasThere = await forgetLogin(context.environment);
  remark(context, wasThere ? 'You are logged out.' : 'You were not logged in.');
}
