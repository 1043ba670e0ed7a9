/** Reads a run of the fault suite as a stream, judges each erasure once it has ended, and forgets it: only what may still be called about is kept. */
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';
import type { Provider } from '../domain/provider/provider-table';
import { callFindings, UNDER_WAY_MS } from './call-invariants';
import { CertificateCheck } from './certificate-check';
import { claimFindings, coherenceFindings } from './claim-invariants';
import { readCertificate } from './claim-read';
import { seenCall, type ErasureEvidence, type Interruption, type SeenCall } from './erasure-evidence';
import { finding, type Finding } from './suite-finding';
import { LeakSearch } from './leak-search';
import { readRunHistory } from './run-history';
import { attendanceFindings, certificateIn, endFindings } from './run-invariants';
import { HISTORIES, RUN_LOG, type RunLogEntry } from './run-log';

export interface Judgement {
  readonly erasures: number;
  readonly accepted: number;
  readonly certificates: number;
  readonly calls: number;
  readonly callbacks: number;
  readonly claims: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
}

type HistoryOf = (requestId: string) => string | undefined;

interface Open {
  readonly entries: RunLogEntry[];
  readonly calls: SeenCall[];
}

/** What the simulated providers know and make up; nothing of it may leave their workers. */
const providerSecrets = [
  'measureone-secret',
  'person-secret',
  'aptrinsic-key',
  'jo@customer.example',
  '@players.example',
];
/** Before what broke is forgotten, every call that it may have cut short must have been judged. */
const INTERRUPTIONS_MAX = 20_000;

export class Judge {
  readonly #historyOf: HistoryOf;
  readonly #certificates: CertificateCheck;
  readonly #leaks = new LeakSearch(providerSecrets);
  readonly #open = new Map<string, Open>();
  /** By provider and id: whose it is. Kept for good. */
  readonly #owners = new Map<string, string>();
  readonly #endedAt = new Map<string, number>();
  readonly #interruptions: Interruption[] = [];
  readonly #findings: Finding[] = [];
  readonly #claims: Record<string, number> = {};
  #accepted = 0;
  #certificatesSeen = 0;
  #calls = 0;
  #callbacks = 0;

  constructor({ keysDirectory, historyOf }: { readonly keysDirectory: string; readonly historyOf: HistoryOf }) {
    this.#historyOf = historyOf;
    this.#certificates = new CertificateCheck(keysDirectory);
  }

  /** In the order of the log. An erasure is judged with what follows its end: its calls are told a little later. */
  take(entry: RunLogEntry): void {
    switch (entry.kind) {
      case 'killed':
        this.#interrupt(entry.wallAt, `${entry.role} ${entry.name} was killed`);
        break;
      case 'connection':
        this.#interrupt(entry.wallAt, `${entry.line} ${entry.what}`);
        break;
      case 'process-started':
        this.#interrupt(entry.wallAt, `${entry.role} ${entry.name} was started`);
        break;
      case 'submitting':
        this.#submitting(entry);
        break;
      case 'submitted':
        if (!this.#entriesOf(entry.requestId).some(({ kind }) => kind === 'submitted')) this.#accepted += 1;
        break;
      case 'provider-call':
        this.#called(entry);
        return;
      case 'callback':
        this.#callbacks += 1;
        break;
      case 'ended':
        this.#endedAt.set(entry.requestId, entry.wallAt);
        break;
      default:
    }
    const { requestId } = entry as { readonly requestId?: string };
    if (requestId !== undefined) this.#open.get(requestId)?.entries.push(entry);
    if (entry.kind === 'clock') this.#judgeEnded(entry.wallAt - UNDER_WAY_MS);
  }

  /** After the last entry. */
  finish(): Judgement {
    this.#judgeEnded(Infinity);
    for (const requestId of this.#open.keys()) this.#judge(requestId);
    return {
      erasures: this.#owners.size === 0 ? 0 : new Set(this.#owners.values()).size,
      accepted: this.#accepted,
      certificates: this.#certificatesSeen,
      calls: this.#calls,
      callbacks: this.#callbacks,
      claims: this.#claims,
      findings: this.#findings,
    };
  }

  /** A log or anything else that is about nobody in particular. */
  search(name: string, text: string): void {
    for (const { requestId, as } of this.#leaks.leaksIn(text)) {
      this.#find(requestId, [
        finding('nothing-personal', `${name} holds ${requestId === '' ? 'a secret' : 'an identifier'}, as ${as}`),
      ]);
    }
  }

  #submitting(entry: Extract<RunLogEntry, { kind: 'submitting' }>): void {
    const { requestId, subject } = entry;
    if (!this.#open.has(requestId) && !this.#endedAt.has(requestId))
      this.#open.set(requestId, { entries: [], calls: [] });
    for (const [provider, id] of Object.entries(subject)) this.#owners.set(`${provider} ${id}`, requestId);
    this.#leaks.add(requestId, Object.values(subject));
  }

  #called(entry: Extract<RunLogEntry, { kind: 'provider-call' }>): void {
    this.#calls += 1;
    const { operation, subject } = entry.call;
    if (operation === 'login') return;
    const seen = seenCall(entry);
    const owner = this.#ownerOf(seen.provider, subject);
    if (owner === undefined) {
      this.#findings.push(
        finding('nobody-else', `${seen.provider} was called about nobody who was asked for`, [entry.call]),
      );
      return;
    }
    const endedAt = this.#endedAt.get(owner);
    if (endedAt !== undefined && seen.wallAt > endedAt + UNDER_WAY_MS) {
      this.#find(owner, [
        finding('no-call-out-of-turn', `${seen.provider} was called after the request had ended`, [entry.call]),
      ]);
    }
    this.#open.get(owner)?.calls.push(seen);
  }

  #ownerOf(provider: Provider, subject: string | undefined): string | undefined {
    return subject === undefined ? undefined : this.#owners.get(`${provider} ${subject}`);
  }

  #interrupt(wallAt: number, what: string): void {
    this.#interruptions.push({ wallAt, what });
    if (this.#interruptions.length > INTERRUPTIONS_MAX) this.#interruptions.splice(0, INTERRUPTIONS_MAX / 2);
  }

  #entriesOf(requestId: string): readonly RunLogEntry[] {
    return this.#open.get(requestId)?.entries ?? [];
  }

  #judgeEnded(before: number): void {
    for (const requestId of this.#open.keys()) {
      const endedAt = this.#endedAt.get(requestId);
      if (endedAt !== undefined && endedAt <= before) this.#judge(requestId);
    }
  }

  #judge(requestId: string): void {
    const open = this.#open.get(requestId);
    this.#open.delete(requestId);
    if (open === undefined || !open.entries.some(({ kind }) => kind === 'submitted')) return;
    const json = this.#historyOf(requestId);
    const history = json === undefined ? undefined : readRunHistory(json);
    const evidence: ErasureEvidence = {
      requestId,
      entries: open.entries,
      calls: open.calls.toSorted((one, other) => one.wallAt - other.wallAt),
      interruptions: this.#interruptions,
      ...(history && { history }),
    };
    const jws = history && certificateIn(history);
    const certificate = jws === undefined ? undefined : readCertificate(jws);
    this.#find(requestId, [
      ...endFindings(evidence),
      ...callFindings(evidence),
      ...attendanceFindings(evidence, certificate),
      ...(jws === undefined || certificate === undefined
        ? []
        : [
            ...claimFindings(evidence, certificate),
            ...coherenceFindings(evidence, certificate),
            ...this.#certificates.findings(jws, certificate, evidence),
          ]),
    ]);
    if (json !== undefined) this.search(`the history of ${requestId}`, json);
    if (certificate === undefined) return;
    this.#certificatesSeen += 1;
    for (const { provider, outcome, assurance } of certificate.providers) {
      const claim = `${provider} ${outcome}${assurance === undefined ? '' : `/${assurance}`}`;
      this.#claims[claim] = (this.#claims[claim] ?? 0) + 1;
    }
  }

  #find(requestId: string, found: readonly Finding[]): void {
    this.#findings.push(...found.map((one) => (requestId === '' ? one : { ...one, requestId })));
  }
}

/** Of everything that a run of the suite has left in its directory. */
export async function judgeRun(directory: string): Promise<Judgement> {
  const judge = new Judge({
    keysDirectory: join(directory, 'keys'),
    historyOf: (requestId) => {
      const file = join(directory, HISTORIES, `${requestId}.json.gz`);
      return existsSync(file) ? gunzipSync(readFileSync(file)).toString('utf8') : undefined;
    },
  });
  for await (const text of linesOf(join(directory, RUN_LOG))) judge.take(JSON.parse(text) as RunLogEntry);
  const logs = join(directory, 'logs');
  for (const name of existsSync(logs) ? readdirSync(logs) : []) {
    for await (const part of partsOf(join(logs, name))) judge.search(`the log ${name}`, part);
  }
  return judge.finish();
}

async function* linesOf(file: string): AsyncGenerator<string> {
  for await (const text of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
    if (text !== '') yield text;
  }
}

const LINES_AT_ONCE = 500;

async function* partsOf(file: string): AsyncGenerator<string> {
  let lines: string[] = [];
  for await (const text of linesOf(file)) {
    lines.push(text);
    if (lines.length < LINES_AT_ONCE) continue;
    yield lines.join('\n');
    lines = [];
  }
  if (lines.length > 0) yield lines.join('\n');
}
