/** Reports each legal deadline and each review of a request once, when it comes. Never holds the request up. */
import { CancellationScope, condition, log, metricMeter } from '@temporalio/workflow';
import { describeInstant } from '../domain/duration';
import { nextReminder, type Reminder } from '../domain/request/next-reminder';
import type { ReminderKind } from '../domain/request/request-state';
import type { RequestSnapshot } from '../domain/request/snapshot';
import { REMINDER_LABEL } from '../domain/sweep/request-check';
import type { RunClock } from './held-clock';

export interface RemindedRequest {
  readonly clock: RunClock;
  readonly snapshot: RequestSnapshot;
  /** Grows with every change. Conditions are asked after each signal and update, of which there may be thousands. */
  readonly version: number;
  readonly onReminder: (reminder: Reminder) => void;
  /** Older runs looked again whenever anything woke them. */
  readonly beganUnder04: boolean;
}

export async function reportDeadlines(request: RemindedRequest): Promise<void> {
  const { clock, beganUnder04 } = request;
  let known: { readonly version: number; readonly now: number; readonly next: Reminder | undefined } | undefined;
  const look = (): Reminder | undefined => {
    known = { version: request.version, now: clock.now(), next: nextReminder(request.snapshot, { beganUnder04 }) };
    return known.next;
  };
  // Not merely since it is later: an update that is refused wakes the run too, and leaves nothing in its history.
  const next = (): Reminder | undefined => {
    const isKnown = known?.version === request.version && (beganUnder04 || known.now === clock.now());
    return isKnown ? known?.next : look();
  };
  await CancellationScope.nonCancellable(async () => {
    for (;;) {
      const reminder = look();
      if (reminder === undefined) {
        await condition(() => next() !== undefined);
      } else if (reminder.at <= clock.now()) {
        request.onReminder(reminder);
        report(reminder, request.snapshot.request.regulation);
      } else {
        await condition(() => !isSame(reminder, next()), reminder.at - clock.now(), {
          summary: `${REMINDER_LABEL}: ${reminderWords[reminder.of]} (${describeInstant(reminder.due)})`,
        });
      }
    }
  });
}

function report({ of, due }: Reminder, regulation: string): void {
  log.warn('A request has to be looked at', { reminder: of, due: new Date(due).toISOString() });
  metricMeter
    .createCounter('erasure_reminders', undefined, 'Deadlines and reviews that requests have reported')
    .add(1, { reminder: of, regulation });
}

const reminderWords: Readonly<Record<ReminderKind, string>> = {
  'acknowledge-due': 'remind that the receipt is to be confirmed to the person',
  'extension-decision-due': 'remind that an extension would have to be decided',
  'due-soon': 'remind that the answer to the person is due soon',
  overdue: 'say so if the person has not been answered',
  'hold-review': 'remind that the legal hold is to be reviewed',
  unanswered: 'say so if the person has not been answered, without a due date',
  'cannot-make-it': 'say so if it can no longer make its due date',
};

function isSame(one: Reminder, other: Reminder | undefined): boolean {
  return other !== undefined && one.of === other.of && one.due === other.due && one.at === other.at;
}
