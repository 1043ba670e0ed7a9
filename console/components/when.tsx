/** An instant: in UTC by the server, with the reader's own time before it where scripts run (times.js). */
import { describeInstant } from '../../domain/duration';

/** `at`: epoch ms, or RFC 3339. */
export function When({ at, day = false }: { readonly at: number | string; readonly day?: boolean }) {
  const instant = new Date(at);
  return (
    <time dateTime={instant.toISOString()} data-local={day ? 'day' : 'minute'}>
      {describeInstant(instant.getTime())}
    </time>
  );
}
