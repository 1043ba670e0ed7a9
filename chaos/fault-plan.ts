/** Faults of single calls, drawn from everything that the simulator can do wrong. */
import type { Fault } from '../local/simulator/faults';
import { simulatedProviders } from '../local/simulator/simulator-registry';
import type { Provider } from '../domain/provider/provider-table';
import type { Random } from './random';

/** Each with how often it is drawn. What holds a connection open for its whole time-out costs real time, and comes seldom. */
const kindWeights = {
  down: 4,
  status: 6,
  slow: 3,
  hang: 0.4,
  'reset-after-acting': 5,
  'wrong-body': 4,
  'wrong-subject': 2,
  redirect: 2,
  'token-expired': 3,
  forbidden: 2,
  'inner-status': 2,
  'bad-credentials': 2,
  'in-between': 6,
} as const satisfies Record<Fault['kind'], number>;

const statuses = [200, 204, 400, 401, 403, 404, 405, 408, 409, 410, 418, 422, 425, 429, 451, 500, 502, 503, 504, 511];
const garbages = ['html', 'truncated', 'cut-off', 'empty', 'null', 'wrong-type', 'other-shape'] as const;
/** Megabytes each: enough if it happens now and then. */
const largeGarbages = ['huge', 'deep'] as const;
const strangersWords = ['page', 'gateway', 'empty', 'text', 'broken-gzip', 'own-error'] as const;

/** One or a few calls about this subject at this provider. */
export function callFault(random: Random, provider: Provider, subject: Readonly<Record<Provider, string>>): Fault {
  const { all, innerStatus = false } = simulatedProviders[provider].operations;
  const operations = all.filter((operation) => !['login', 'callback'].includes(operation));
  const kind = random.weighted({ ...kindWeights, 'inner-status': innerStatus ? kindWeights['inner-status'] : 0 });
  const target = {
    provider,
    subject: subject[provider],
    ...(random.chance(0.6) && { operation: random.pick(operations) }),
    times: kind === 'hang' ? 1 : random.between(1, 4),
  };
  return faultOf(random, kind, target);
}

/** Everybody's calls, logins too, for some seconds of real time, or until the providers' clock is moved. */
export function weatherFault(random: Random, provider: Provider, simulatorNow: number): Fault {
  const { innerStatus = false } = simulatedProviders[provider].operations;
  const kind = random.weighted({ ...kindWeights, hang: 0, 'inner-status': innerStatus ? 2 : 0 });
  const until = simulatorNow + random.between(500, 6_000);
  return { ...faultOf(random, kind, { provider, times: random.between(5, 40) }), until };
}

type Target = Pick<Fault, 'provider'> & {
  readonly times: number;
  readonly operation?: string;
  readonly subject?: string;
};

function faultOf(random: Random, kind: Fault['kind'], target: Target): Fault {
  switch (kind) {
    case 'down':
    case 'reset-after-acting':
    case 'forbidden':
    case 'bad-credentials':
      return { ...target, kind };
    case 'status': {
      const status = random.pick(statuses);
      // Workers leave the provider alone for so long, in real time, whoever it was about.
      const headers = status === 429 || status === 503 ? { 'retry-after': String(random.between(1, 3)) } : undefined;
      return { ...target, kind, status, ...(headers && random.chance(0.5) && { headers }) };
    }
    case 'slow':
      return { ...target, kind, delayMs: random.between(50, 3_000) };
    case 'hang':
      return { ...target, kind, acting: random.chance(0.5) };
    case 'wrong-body':
      return { ...target, kind, garbage: random.chance(0.03) ? random.pick(largeGarbages) : random.pick(garbages) };
    case 'wrong-subject':
      return { ...target, kind };
    case 'redirect':
      return { ...target, kind, location: 'http://127.0.0.1:9/elsewhere', status: random.pick([301, 302, 307]) };
    case 'token-expired':
      return { ...target, kind, variant: random.pick(['documented', 'unknown-code', 'plain-401']) };
    case 'inner-status':
      return { ...target, kind, statusCodeValue: random.pick([400, 401, 403, 404, 429, 500, 503]) };
    case 'in-between':
      return { ...target, kind, status: random.pick(statuses), says: random.pick(strangersWords) };
  }
}
