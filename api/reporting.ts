/** A report looks at every request of its period: its length is limited, and one is made at a time. */
import { makeReport, type Period, type Report, type ReportClient } from '../client/report/report';
import { DAY_MS } from '../domain/duration';
import { ApiProblem } from './problem';

const LOOKS_AT_ONCE = 8;
const PERIOD_DAYS_MAX = 366;
const RETRY_S = 30;

export type Reporter = (period: Period, now: number) => Promise<Report>;

/** One for a whole process. Throws `ApiProblem`: `invalid-filter` for a longer period, `too-many-calls` while another report is being made. */
export function createReporter(client: ReportClient): Reporter {
  let isMaking = false;
  return async (period, now) => {
    // A day has an hour more where summer time ends.
    if (period.to - period.from > PERIOD_DAYS_MAX * DAY_MS + DAY_MS / 2) {
      throw new ApiProblem('invalid-filter', {
        detail: `A period has at most ${PERIOD_DAYS_MAX} days here: erasure report takes longer ones.`,
      });
    }
    if (isMaking) {
      throw new ApiProblem('too-many-calls', {
        detail: 'Another report is being made: try again when it is done.',
        retryAfterS: RETRY_S,
      });
    }
    isMaking = true;
    try {
      return await makeReport(client, { period, now, concurrency: LOOKS_AT_ONCE });
    } finally {
      isMaking = false;
    }
  };
}
