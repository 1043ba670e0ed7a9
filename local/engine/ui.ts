/** The Temporal UI for a built server, which has none of its own (the CLI serves one itself: `Engine.uiUrl`). */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from './cache';
import { build, findBuilt, type GoProgram, type Report } from './go-build';
import { freePorts } from './ports';
import { lastLines, supervise, type SupervisedProcess, withoutTemporalSettings } from './supervised-process';

const READY_MS_MAX = 15_000;
const STOP_GRACE_MS = 2_000;

const temporalUi: GoProgram = {
  name: 'temporal-ui',
  version: '2.54.1',
  package: 'github.com/temporalio/ui-server/v2/cmd/server',
  duration: 'about half a minute',
};

export interface Ui {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startUi(options: {
  temporalAddress: string;
  defaultNamespace?: string;
  port?: number;
  report?: Report;
  env?: Environment;
}): Promise<Ui> {
  const { temporalAddress, defaultNamespace = 'default', report = () => undefined, env = process.env } = options;
  const binary = (await findBuilt(temporalUi, env)) ?? (await build(temporalUi, { env, report }));
  const port = options.port ?? (await freePorts(1))[0]!;
  const url = `http://127.0.0.1:${port}`;

  const directory = mkdtempSync(path.join(tmpdir(), 'erasure-ui-'));
  const logFile = path.join(directory, 'ui.log');
  mkdirSync(path.join(directory, 'config'));
  // JSON is YAML. The news would be fetched from the internet by the browser.
  writeFileSync(
    path.join(directory, 'config', 'development.yaml'),
    JSON.stringify({
      temporalGrpcAddress: temporalAddress,
      host: '127.0.0.1',
      port,
      enableUi: true,
      defaultNamespace,
      disableNewsFetch: true,
      cors: { allowOrigins: [url] },
    }),
  );
  const ui = await supervise({
    command: binary,
    args: ['--root', directory, '--env', 'development', 'start'],
    env: withoutTemporalSettings(env),
    logFile,
    removeIfOrphaned: [directory],
  });
  await untilReady({ ui, url, logFile });
  ui.unref();
  report(`Temporal UI ${temporalUi.version}: ready at ${url}`);
  return {
    url,
    async stop() {
      await ui.stop({ graceMs: STOP_GRACE_MS });
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function untilReady({ ui, url, logFile }: { ui: SupervisedProcess; url: string; logFile: string }) {
  let hasEnded = false;
  void ui.exited.then(() => {
    hasEnded = true;
  });
  const deadline = Date.now() + READY_MS_MAX;
  for (;;) {
    const isReady = await fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
      (answer) => answer.ok,
      () => false,
    );
    // Somebody else may be answering on that port.
    if (isReady && !hasEnded) return;
    if (hasEnded || Date.now() > deadline) {
      await ui.kill();
      throw new Error(
        `The Temporal UI did not start at ${url}. Its log is ${logFile}; the last lines:\n${lastLines(logFile)}`,
      );
    }
    await sleep(50);
  }
}
