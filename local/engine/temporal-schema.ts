/** Temporal's two databases in PostgreSQL, made by its own tool, of the server's version. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Environment } from './cache';
import { build, findBuilt, type GoProgram, type Report } from './go-build';
import type { Postgres } from './postgres';
import { postgresDatabases, temporalServer } from './temporal-server';

const COMMAND_MS_MAX = 120_000;

const sqlTool: GoProgram = {
  name: 'temporal-sql-tool',
  version: temporalServer.version,
  package: 'go.temporal.io/server/cmd/tools/sql',
  duration: 'some minutes, seconds where the server was built here before',
};

export async function prepareTemporalSchema(
  { host, port, user, password }: Postgres,
  { env, report }: { env: Environment; report: Report },
): Promise<void> {
  const tool = (await findBuilt(sqlTool, env)) ?? (await build(sqlTool, { env, report }));
  const connect = ['--plugin', 'postgres12', '--ep', host, '--port', String(port), '--user', user];
  const run = (database: string, ...args: readonly string[]) =>
    promisify(execFile)(tool, [...connect, '--database', database, ...args], {
      env: { ...env, SQL_PASSWORD: password },
      timeout: COMMAND_MS_MAX,
    });
  for (const [schema, database] of Object.entries(postgresDatabases)) {
    await run(database, 'create');
    await run(database, 'setup-schema', '--version', '0.0');
    await run(database, 'update-schema', '--schema-name', `postgresql/v12/${schema}`);
  }
}
