/** What is said where one decision is taken about many requests. */
import type { DecisionKind } from '../../domain/decision/decision-table';

const link: Partial<Readonly<Record<DecisionKind, string>>> = {
  retry: 'Try all of them again …',
  hold: 'Put all of them on hold …',
  release: 'Release all of them …',
};

export const manyDecisionsTexts = {
  link,
  title: (decision: string, about: string) => `${decision}: ${about}`,
  back: 'Back to the list',
  which: 'About which requests',
  count: (count: number) =>
    count === 1 ? 'It is taken about this request:' : `It is taken about each of these ${count} requests:`,
  cut: (max: number) => `These are the first ${max}. When they are done, do the same with the next ones.`,
  none: 'No request is there now that it could be taken about.',
  list: 'The requests',
  take: (count: number) => (count === 1 ? 'Take it about 1 request' : `Take it about ${count} requests`),
  confirm: (count: number) =>
    count === 1 ? 'I have looked at the request above.' : `I have looked at the ${count} requests above.`,
  confirmMissing: 'Confirm that you have looked at the requests',
  result: 'What came of it',
  request: 'Request',
  what: 'What came of it',
  done: 'done',
  doneCount: (count: number) => `${count} done`,
  refusedCount: (count: number) => `${count} not taken`,
  unansweredCount: (count: number) => `${count} without an answer`,
  leftCount: (count: number) => `${count} not begun: too many in a row had no answer`,
  leftOne: 'not begun',
  repeat: 'It can be sent again: what was taken is not taken twice.',
} as const;
