/** `npm run demo`: one erasure at all providers through its true windows, on virtual time, to its certificate. */
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { defined } from '../domain/defined';
import type { ErasureClient, RequestStatus } from '../client';
import type { CertificateClaims } from '../domain/certificate/certificate';
import { certificateText } from '../domain/certificate/certificate-text';
import { DAY_MS, describeInstant, HOUR_MS, MINUTE_MS } from '../domain/duration';
import type { RequestProgress } from '../domain/request/request-progress';
import { verifyCertificate } from '../security/certificate-signature';
import { readVerifyingKeys } from '../security/key-files';
import { createLiveView, elapsed, type LiveView } from './live-view';
import { newSubject, sampleSubmission, seed } from './sample-request';
import { findScenario, scenarios, shortenWindows, subjectOf, type Scenario } from './scenarios';
import type { StoryEvent } from './simulator/simulated-provider';
import { startStack, type Stack } from './stack';
import { fastForward, virtualNow } from '../temporal/virtual-time';

const STEP_MS = 6 * HOUR_MS;
const STEP_MS_MIN = MINUTE_MS;
const ASKING_MS_MAX = 3_000;
/** No story is longer; a demo that goes on for ever tells nothing. */
const VIRTUAL_MS_MAX = 60 * DAY_MS;
const CERTIFICATES = 'certificates';

interface Options {
  readonly json?: true;
  readonly scenario: string;
}

async function main(): Promise<void> {
  const program = new Command('npm run demo --')
    .description('One erasure at all simulated providers, through its true windows on virtual time.')
    .addOption(
      new Option('--scenario <name>', 'the story to tell').default('happy').choices(scenarios.map(({ name }) => name)),
    )
    .option('--json', 'print one JSON object on stdout, everything else on stderr')
    .addHelpText(
      'after',
      `\nStories:\n${scenarios.map(({ name, title }) => `  ${name.padEnd(12)} ${title}`).join('\n')}`,
    )
    .parse();
  const options = program.opts<Options>();
  const scenario = findScenario(options.scenario);
  if (scenario === undefined) throw new TypeError('The command line lets known stories pass only');
  const view = createLiveView(options.json === true ? process.stderr : process.stdout);

  const startedAt = performance.now();
  view.tell(`Story "${scenario.name}": ${scenario.title}.`);
  const stack = await startStack({
    report: (line) => view.tell(line),
    ...defined({ workerSettings: scenario.workerSettings }),
  });
  stopOnSignal(stack);
  try {
    const { requestId, workflowId, started } = await submit(stack, scenario, view);
    const { requestView, lastedMs } = await live(stack, { requestId, workflowId, started, scenario, view });
    await report({ stack, scenario, requestView, view, json: options.json === true, lastedMs, startedAt });
  } finally {
    await stack.stop();
  }
}

async function submit(stack: Stack, scenario: Scenario, view: LiveView) {
  const { simulator, client } = stack;
  const subject = newSubject();
  await shortenWindows(simulator);
  await seed(simulator, subject);
  await scenario.prepare?.(simulator.operate, subjectOf(scenario, subject));

  const requestId = randomUUID();
  const submitted = await client.submit(sampleSubmission(requestId, subject));
  view.tell(`Submitted: request ${requestId}, workflow ${submitted.workflowId}.`);
  const pending = (scenario.events ?? []).map((event) => ({ event, id: subjectOf(scenario, subject) }));
  return { requestId, workflowId: submitted.workflowId, started: { at: Date.now(), pending } };
}

interface Story {
  readonly requestId: string;
  readonly workflowId: string;
  readonly started: {
    readonly at: number;
    readonly pending: readonly { readonly event: StoryEvent; readonly id: string }[];
  };
  readonly scenario: Scenario;
  readonly view: LiveView;
}

/** Moves the world first, then the request: a callback must be able to arrive, and a look must find what is due. */
async function live(
  { client, simulator, connection, namespace }: Stack,
  { requestId, workflowId, started, view }: Story,
): Promise<{ requestView: RequestStatus; lastedMs: number }> {
  const startedAt = started.at;
  const pending = [...started.pending];
  await untilAsked(client, requestId);
  const { due } = await client.progress(requestId);
  if (due !== undefined) {
    view.tell(
      `By law the person is to be answered by ${due.on} (${due.rule}, calendar ${due.calendar}, ${due.timeZone}).`,
    );
  }
  for (;;) {
    const requestView = await client.get(requestId);
    const now = (await virtualNow(connection, { namespace, workflowId })).getTime();
    if (requestView.progress !== undefined) view.show(requestView.progress, { now, startedAt });
    if (requestView.status !== 'running') return { requestView, lastedMs: now - startedAt };
    if (requestView.state === 'issuing-certificate') {
      await pause(50);
      continue;
    }
    if (requestView.state === 'awaiting-answer') {
      await answer(client, { requestId, at: now, view });
      continue;
    }
    if (now - startedAt > VIRTUAL_MS_MAX) throw new Error(`The story is not over after ${elapsed(VIRTUAL_MS_MAX)}.`);

    const next = pending[0];
    if (next !== undefined && now - startedAt >= next.event.afterMs) {
      await next.event.happen(simulator.operate, next.id);
      view.tell(`After ${elapsed(next.event.afterMs)}: ${next.event.told}.`);
      pending.shift();
      continue;
    }
    const worldEventAt = next === undefined ? Infinity : startedAt + next.event.afterMs;
    const byMs = stepFrom(now, { progress: requestView.progress, worldEventAt });
    await simulator.advance(byMs);
    await fastForward(connection, { namespace, workflowId, byMs });
  }
}

/** What is left is for people: somebody tells the person, and says here that it was done. */
async function answer(
  client: ErasureClient,
  { requestId, at, view }: { readonly requestId: string; readonly at: number; readonly view: LiveView },
): Promise<void> {
  await client.decide('notice', requestId, {
    actor: 'demo-staff',
    reason: { code: 'person-told', ticket: 'DEMO-1' },
    notice: 'outcome',
    at: new Date(at).toISOString(),
    channel: 'email',
    reference: 'DEMO-MAIL-1',
  });
  view.tell(`${describeInstant(at)}: the certificate is issued, and a staff member recorded that the person was told.`);
}

/** The world must not move on before every provider has been asked; one that is out of reach is asked again later. */
async function untilAsked(client: ErasureClient, requestId: string): Promise<void> {
  const until = performance.now() + ASKING_MS_MAX;
  while (performance.now() < until) {
    const { state, legs } = await client.progress(requestId);
    if (state !== 'starting' && legs.every(({ state: at }) => at !== 'asking' && at !== 'not-asked-yet')) return;
    await pause(50);
  }
}

/** To the next thing that anybody waits for, at most a quarter of a day. */
function stepFrom(
  now: number,
  { progress, worldEventAt }: { readonly progress: RequestProgress | undefined; readonly worldEventAt: number },
): number {
  const legs = progress?.legs ?? [];
  // The world moves first: a step that ends just before a window does keeps its callback from coming hours too early.
  const stops = legs.flatMap(({ until, windowEndsAt }) => [
    ...(until === undefined ? [] : [Date.parse(until)]),
    ...(windowEndsAt === undefined ? [] : [Date.parse(windowEndsAt) - STEP_MS_MIN, Date.parse(windowEndsAt)]),
  ]);
  const next = Math.min(now + STEP_MS, worldEventAt, ...stops.filter((stop) => stop > now));
  return Math.max(STEP_MS_MIN, Math.ceil(next - now));
}

interface Ending {
  readonly stack: Stack;
  readonly scenario: Scenario;
  readonly requestView: RequestStatus;
  readonly view: LiveView;
  readonly json: boolean;
  readonly lastedMs: number;
  readonly startedAt: number;
}

async function report({ stack, scenario, requestView, view, json, lastedMs, startedAt }: Ending): Promise<void> {
  const { result, requestId, workflowId } = requestView;
  if (result === undefined) throw new Error(`The request ended ${requestView.status}, without a certificate.`);
  const saved = await saveCertificate(stack, requestId, result.certificate);
  const { claims, keyId } = await verifyCertificate(
    result.certificate,
    await readVerifyingKeys(stack.verifyingKeysFile),
  );

  if (json) {
    const providers = result.legs.map(
      ({ provider, outcome, assurance, requestedAt, answeredAt, windowEndsAt, settledAt, rounds }) => ({
        provider,
        outcome,
        assurance,
        requestedAt,
        answeredAt,
        windowEndsAt,
        settledAt,
        rounds,
      }),
    );
    const answer = { requestId, workflowId, outcome: result.outcome, providers, certificate: result.certificate };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  } else {
    process.stdout.write(`\n${certificateText(claims as CertificateClaims, { keyId })}\n`);
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  view.tell(`${elapsed(lastedMs)} of virtual time in ${seconds} s.`);
  view.tell(
    `The certificate is saved as ${saved.certificate}. Verify it, offline and without any of this running, with`,
  );
  view.tell(`  node dist/cli/main.js verify ${saved.certificate} --key ${saved.key} --fact-keys ${saved.factKeys}`);
  if (result.outcome !== scenario.ends) {
    throw new Error(`The story should have ended "${scenario.ends}", and ended "${result.outcome}".`);
  }
}

async function saveCertificate(stack: Stack, requestId: string, certificate: string) {
  await mkdir(CERTIFICATES, { recursive: true });
  const file = join(CERTIFICATES, `${requestId}.jws`);
  const key = join(CERTIFICATES, `${requestId}.public.jwk`);
  await writeFile(file, `${certificate}\n`);
  const factKeys = join(CERTIFICATES, `${requestId}.fact-keys.json`);
  await copyFile(stack.verifyingKeysFile, key);
  await copyFile(stack.factKeysFile, factKeys);
  return { certificate: relative('.', file), key: relative('.', key), factKeys: relative('.', factKeys) };
}

function stopOnSignal(stack: Stack): void {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => {
      process.stderr.write('\nStopping what the demo started.\n');
      void stack.stop().finally(() => process.exit(code));
    });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`The demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
  if (process.env['ERASURE_DEBUG'] === '1' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
