/** What every provider's adapter offers: its facts as data. Nothing outside an adapter knows a provider's vocabulary. */
import type { AdapterMemory, FailureType, LegBrake } from '../../domain/leg/failure';
import type { Patience } from '../../domain/rules/patience';
import type { Provider } from '../../domain/provider/provider-table';
import type { Evidence, Observation, Receipt, Withdrawal } from '../../domain/leg/receipt';

/** One call of an adapter, by one attempt of one activity. Instants in epoch ms of the workflow's clock. */
export interface AdapterCall {
  readonly requestId: string;
  /** The run that this call is made for. */
  readonly runId: string;
  /** The subject's identifier at this provider, in the clear: lives in this call's memory and nowhere else. */
  readonly identifier: string;
  /** HMAC of the identifier, for the receipt. */
  readonly subjectHash: string;
  readonly round: number;
  /** When this attempt was scheduled: "now" for anything dated. Follows virtual time; the process clock does not. */
  readonly now: number;
  /** When this request first asked this provider. */
  readonly firstAskedAt: number;
  /** An earlier attempt, of this or of another activity, may have reached the provider's erasing operation. */
  readonly mayHaveAskedBefore: boolean;
  /** What an earlier attempt of this step remembered. */
  readonly memory: AdapterMemory;
  /**
   * What the provider answered to our last asking, in its own words (a receipt's `evidence.facts`), where it took that asking
   * on and it was not withdrawn since.
   */
  readonly acceptedFacts?: Evidence['facts'];
  readonly patience: Patience;
  /** Fires when the activity is cancelled or its worker drains. For logins and looks; an asking in flight is not broken off. */
  readonly signal: AbortSignal;
  /**
   * To be called directly before the erasing operation is sent: from here on it may have reached the provider.
   * `memory` survives this attempt, also a crash soon after.
   */
  aboutToAsk(memory: AdapterMemory): void;
  /** Takes the last `aboutToAsk` back: the call it announced provably never left. */
  didNotAsk(): void;
  /** Keeps `memory` for later attempts of this step, without claiming that anything was asked. */
  remember(memory: AdapterMemory): void;
  /** Keyed digest of an answer's body (a plain digest of a small answer can be guessed); undefined for an empty one. */
  bodyHmac(body: string): string | undefined;
}

export interface ProviderAdapter {
  readonly provider: Provider;
  /** The host that it calls, as its evidence names it, e.g. `api.example.com`. */
  readonly host: string;
  /** Asks to erase. Safe to repeat: each adapter says what the second identical call does. */
  requestErasure(call: AdapterCall): Promise<Receipt>;
  /** Looks, and changes nothing. */
  observeErasure(call: AdapterCall): Promise<Observation>;
  /** Withdraws what this request asked for, where the provider can and what it has queued is ours. */
  withdrawErasure(call: AdapterCall): Promise<Withdrawal>;
}

/** Makes up where a provider shall report one request's erasure, and what it shall send along so that we can trust the report. */
export type CallbackRequest = (request: {
  readonly requestId: string;
  readonly runId: string;
  /** Whom the report has to be about. */
  readonly identifier: string;
  /** Until when its callback can be waited for; epoch ms. */
  readonly waitsUntil: number;
}) => Promise<CallbackAddress>;

export interface CallbackAddress {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Where a token for the callback can be fetched: in a field `access_token` of JSON, or as the whole answer. */
  readonly tokenUrl: string;
  readonly plainTokenUrl: string;
}

/** The turn that an erasing call waits for before it is sent. */
export interface Turn {
  /** Breaks off the waiting; a call whose turn has come is not broken off. */
  readonly signal: AbortSignal;
  /** It has come: from here on the call may reach the provider. */
  come(): void;
}

/** Sends an erasing call. From directly before it, it may have reached the provider, unless it provably never left. */
export async function sendErasing<Answer>(
  call: AdapterCall,
  { memory = call.memory, send }: { readonly memory?: AdapterMemory; readonly send: (turn: Turn) => Promise<Answer> },
): Promise<Answer> {
  let hasCome = false;
  const come = (): void => {
    hasCome = true;
    call.aboutToAsk(memory);
  };
  try {
    const answer = await send({ signal: call.signal, come });
    if (!hasCome) throw new TypeError('The adapter did not hand the turn of its erasing call on');
    return answer;
  } catch (error) {
    if (hasCome && error instanceof ProviderFailure && error.neverLeft) call.didNotAsk();
    throw error;
  }
}

/** The one error that adapters and http.ts throw. The message is a whole sentence free of identifiers, secrets and bodies. */
export class ProviderFailure extends Error {
  override readonly name = 'ProviderFailure';
  readonly type: FailureType;
  /** The provider asked us to stay away this long. */
  readonly retryAfterMs: number | undefined;
  /** The call that failed reached nobody: no connection for it was ever open. */
  readonly neverLeft: boolean;
  /** It refused our pace and nothing else. */
  readonly isPaceOnly: boolean;
  /** Of `ProviderBraked`: what the brake is on for. */
  readonly brake: LegBrake | undefined;

  constructor(
    type: FailureType,
    message: string,
    options: {
      readonly retryAfterMs?: number | undefined;
      readonly neverLeft?: boolean;
      readonly isPaceOnly?: boolean;
      readonly brake?: LegBrake;
    } = {},
  ) {
    super(message);
    this.type = type;
    this.retryAfterMs = options.retryAfterMs;
    this.neverLeft = options.neverLeft ?? false;
    this.isPaceOnly = options.isPaceOnly ?? false;
    this.brake = options.brake;
  }
}
