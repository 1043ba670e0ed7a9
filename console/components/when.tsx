/** An instant: in UTC by the server, with the reader's own time before it where scripts run (times.js). */
import { common } from '../texts/common';

/** `at`: epoch ms, or RFC 3339. */
export function When({ at, day = false }: { readonly at: number | string; readonly day?: boolean }) {
  const instant = new Date(at).toISOString();
  const text = `${instant.slice(0, 10)} ${instant.slice(11, 16)} ${common.utc}`;
  return (
    <time dateTime={instant} data-local={day ? 'day' : 'minute'}>
      {text}
    </time>
  );
}
