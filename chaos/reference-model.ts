/**
 * What may be claimed about one erasure at one provider, and from when on: derived from the providers' documents and from what
 * the simulator did and said, and from nothing of ours. Where a document leaves something open, what is weaker is always allowed.
 *
 *   MeasureOne  "will permanently purge the Individual and their data after 120 hours of receiving the request"; its callback
 *               `individual.purged` is the only word that it is done. Nobody can look.
 *   person API  answers 202 with `purge_on`, the time that counts until it says another one; done shows only when one looks.
 *   Aptrinsic   hides a deleted user; "created or updated within the next 7 days, the previously deleted record will be revived".
 */
import type { Provider } from '../domain/provider/provider-table';
import type { FoundRecord, SeenCall, SentCallback, WorldChange } from './erasure-evidence';
import { heardIn, isErasing, mayHaveSaid } from './heard';

const HOUR_MS = 3_600_000;
export const WINDOW_MS = { measureone: 120 * HOUR_MS, aptrinsic: 7 * 24 * HOUR_MS } as const;
/** Another party's clock: every window is waited out by so much more. */
export const MARGIN_MS = HOUR_MS;

export interface ProviderStory {
  readonly provider: Provider;
  readonly calls: readonly SeenCall[];
  readonly callbacks: readonly SentCallback[];
  readonly changes: readonly WorldChange[];
  /** Staff vouched for it, released us from it, or ended the request; or may have. */
  readonly decided: ReadonlySet<'attest' | 'waive' | 'end'>;
  /** From the provider's own books, after the end. */
  readonly record?: FoundRecord['record'] | undefined;
}

/** `earliest`: by the provider's clock, epoch ms; absent where no window has to be over. */
export interface AllowedClaim {
  readonly claim: string;
  readonly earliest?: number;
}

/** From the strongest to the weakest. */
export const claimsByStrength = [
  'erased/verified',
  'erased/confirmed',
  'not-found',
  'withdrawn',
  'presumed-erased',
  'never-asked',
  'attested',
  'waived',
  'unknown',
] as const;

export function allowedClaims(story: ProviderStory): readonly AllowedClaim[] {
  const { decided, calls } = story;
  const ofStaff = [
    ...(decided.has('attest') ? [{ claim: 'attested' }] : []),
    ...(decided.has('waive') ? [{ claim: 'waived' }] : []),
    ...(decided.has('end') ? [{ claim: 'unknown' }] : []),
    ...(decided.has('end') && !calls.some(({ call }) => isErasing(call)) ? [{ claim: 'never-asked' }] : []),
  ];
  return [...ofProvider[story.provider](story), ...ofStaff];
}

export function strongestClaim(story: ProviderStory): string {
  const allowed = allowedClaims(story).map(({ claim }) => claim);
  return claimsByStrength.find((claim) => allowed.includes(claim)) ?? 'nothing yet';
}

const ofProvider: Readonly<Record<Provider, (story: ProviderStory) => AllowedClaim[]>> = {
  measureone: ofMeasureOne,
  person: ofPerson,
  aptrinsic: ofAptrinsic,
};

function ofMeasureOne({ calls, callbacks }: ProviderStory): AllowedClaim[] {
  const asks = asksIn(calls);
  // Hidden while it waits to be purged: a second asking is answered with "unknown", and so is one about nobody.
  const taken = asks.filter(({ call }) => call.did?.is === 'taken-on' || mayHaveSaid(call, 'taken-on'));
  const unknown = asks.filter(({ call }) => mayHaveSaid(call, 'unknown'));
  const last = asks.findLast((ask) => taken.includes(ask) || unknown.includes(ask));
  const wasActed = asks.some(({ call }) => call.did?.is === 'taken-on');
  const earliest = last === undefined ? {} : { earliest: last.at + WINDOW_MS.measureone + MARGIN_MS };
  const isConfirmed = callbacks.some((callback) => confirms(callback) && mayHaveArrived(callback));
  return [
    ...(taken.length > 0 && isConfirmed ? [{ claim: 'erased/confirmed', ...earliest }] : []),
    ...(last !== undefined ? [{ claim: 'presumed-erased', ...earliest }] : []),
    ...(unknown.length > 0 && !wasActed ? [{ claim: 'not-found' }] : []),
  ];
}

function ofPerson({ calls }: ProviderStory): AllowedClaim[] {
  const queued = calls.filter(({ call }) => call.did?.is === 'queued' || mayHaveSaid(call, 'queued'));
  const lastAsk = asksIn(calls).findLast((ask) => queued.includes(ask));
  const withdrawn = calls.findLast(({ call }) => call.did?.is === 'dequeued' || mayHaveSaid(call, 'dequeued'));
  const after = calls.filter(({ wallAt }) => lastAsk !== undefined && wallAt >= lastAsk.wallAt);
  const isGone = after.some(({ call }) => mayHaveSaid(call, 'absent')) && after.some(({ call }) => isOffTheQueue(call));
  const wasSeen = calls.some(({ call }) => mayHaveSaid(call, 'present'));
  const earliest = lastTold(queued);
  const over = earliest === undefined ? {} : { earliest: earliest + MARGIN_MS };
  return [
    ...(isGone && wasSeen ? [{ claim: 'erased/verified', ...over }] : []),
    ...(isGone ? [{ claim: 'presumed-erased', ...over }] : []),
    ...(withdrawn !== undefined && (lastAsk === undefined || withdrawn.wallAt >= lastAsk.wallAt)
      ? [{ claim: 'withdrawn' }]
      : []),
  ];
}

/** Done, or kept for a while as done. */
function isOffTheQueue(call: SeenCall['call']): boolean {
  return mayHaveSaid(call, 'not-queued') || (call.said?.is === 'queued' && call.said['done'] === true);
}

function lastTold(queued: readonly SeenCall[]): number | undefined {
  const told = queued.findLast(({ call }) => call.said?.is === 'queued') ?? queued.at(-1);
  const purgeOn = told?.call.did?.['purgeOn'];
  return typeof purgeOn === 'number' ? purgeOn : undefined;
}

function ofAptrinsic({ calls }: ProviderStory): AllowedClaim[] {
  const asks = asksIn(calls);
  const deleted = asks.filter(({ call }) => mayHaveSaid(call, 'deleted'));
  const wasActed = asks.some(({ call }) => call.did?.is === 'deleted');
  const unknown = asks.filter(({ call }) => mayHaveSaid(call, 'unknown'));
  const last =
    asks.findLast(({ call }) => call.did !== undefined || call.said !== undefined) ?? deleted.at(-1) ?? unknown.at(-1);
  const looks = calls.filter(({ call }) => call.operation === 'read');
  const isGone = looks.some(
    ({ wallAt, call }) => last !== undefined && wallAt > last.wallAt && mayHaveSaid(call, 'unknown'),
  );
  const wasSeen = deleted.length > 0 || looks.some(({ call }) => mayHaveSaid(call, 'present'));
  const earliest = last === undefined ? {} : { earliest: last.at + WINDOW_MS.aptrinsic + MARGIN_MS };
  return [
    ...(isGone && wasSeen ? [{ claim: 'erased/verified', ...earliest }] : []),
    ...(isGone ? [{ claim: 'presumed-erased', ...earliest }] : []),
    ...(isGone && unknown.length > 0 && !wasActed ? [{ claim: 'not-found', ...earliest }] : []),
  ];
}

function asksIn(calls: readonly SeenCall[]): readonly SeenCall[] {
  return calls.filter(({ call }) => isErasing(call));
}

/** Whatever was answered: it may have been taken, unless it was told that it was not. */
export function mayHaveArrived({ nature, status }: SentCallback): boolean {
  return nature === 'genuine' && (status === 'failed' || status < 300 || status >= 500);
}

const EVENT = 'individual.purged';

/** The event's name in one of the two fields where the vendor's own texts have it, and nothing that says otherwise. */
export function confirms({ body, fault }: Pick<SentCallback, 'body' | 'fault'>): boolean {
  if (fault === 'wrong-subject') return false;
  const said = parsed(body);
  if (typeof said !== 'object' || said === null || Array.isArray(said)) return false;
  const { event, event_type: type, status } = said as Record<string, unknown>;
  const names = [event, type].filter((name) => name !== undefined);
  return names.length > 0 && names.every((name) => name === EVENT) && !/fail|error/i.test(JSON.stringify(status ?? ''));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Why the record shows that an erasure that is claimed has not happened; undefined where nothing does. */
export function untruth(story: ProviderStory, claimedAt: number): string | undefined {
  const { record, provider, calls, changes } = story;
  if (record?.exists !== true) return undefined;
  const cameBack = changes.some(({ what, simulatorAt }) => what.startsWith('came') && simulatorAt >= claimedAt);
  // What the network made up in the provider's name nobody can see through.
  const wasDeceived = calls.some(({ call }) => {
    const { looksLike, did } = heardIn(call);
    return looksLike !== undefined && looksLike !== did;
  });
  if (cameBack || wasDeceived) return undefined;
  const purgeOn = record['purgeOn'] ?? (record['purge'] as { purgeOn?: unknown } | undefined)?.purgeOn;
  if (typeof purgeOn === 'string' && Date.parse(purgeOn) <= claimedAt) return undefined;
  const createDate = record['createDate'];
  const firstAsk = asksIn(calls)[0];
  const isNewer = typeof createDate === 'string' && firstAsk !== undefined && Date.parse(createDate) > firstAsk.at;
  return isNewer ? undefined : `${provider} still holds the record: ${JSON.stringify(record)}`;
}
