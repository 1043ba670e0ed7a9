/** Files of made-up people for the tests of bulk submission. */
import { randomUUID } from 'node:crypto';

export const header = 'requestId,regulation,submittedAt,receivedVia,person.personId,aptrinsic.identifyId';

/** A person's id that is told from all others by its first eight digits. */
export function plantedPerson(row: number, start = 'f1a27ed0'): string {
  return `${start}-0000-4000-8000-${row.toString(16).padStart(12, '0')}`;
}

export interface People {
  readonly text: string;
  readonly ids: readonly string[];
  /** Lines of the rejected rows, from 1. */
  readonly bad: readonly number[];
}

/** Half of the rows bring an id; bad and repeated ones are spread over the file. */
export function people({
  rows,
  bad,
  repeated,
}: {
  readonly rows: number;
  readonly bad: number;
  readonly repeated: number;
}): People {
  const lines = [header];
  const ids: string[] = [];
  const badLines: number[] = [];
  const good: string[] = [];
  const everyBad = Math.floor(rows / bad);
  const everyRepeated = Math.floor(rows / repeated) - 1;
  let repeats = 0;
  for (let row = 1; row <= rows; row += 1) {
    if (row % everyBad === 0 && badLines.length < bad) {
      lines.push(badRow(badLines.length));
      badLines.push(lines.length);
    } else if (row % everyRepeated === 0 && repeats < repeated) {
      repeats += 1;
      lines.push(good[(repeats * 7) % good.length] ?? '');
    } else {
      const requestId = row % 2 === 0 ? randomUUID() : '';
      if (requestId !== '') ids.push(requestId);
      const line = `${requestId},gdpr,2026-11-01T09:30:00Z,web-form,${plantedPerson(row)},planted-${row}@example.test`;
      good.push(line);
      lines.push(line);
    }
  }
  return { text: `${lines.join('\r\n')}\r\n`, ids, bad: badLines };
}

function badRow(index: number): string {
  const kinds = [
    `,hipaa,2026-11-01T09:30:00Z,web-form,${plantedPerson(index)},`,
    `,gdpr,yesterday,web-form,${plantedPerson(index)},`,
    `,gdpr,2026-11-01T09:30:00Z,web-form, ${plantedPerson(index)},`,
    `,gdpr,2026-11-01T09:30:00Z,web-form,planted-bad-${index},`,
    `not-a-uuid,gdpr,2026-11-01T09:30:00Z,web-form,${plantedPerson(index)},`,
    `,gdpr,2026-11-01T09:30:00Z,web-form,,`,
    `,gdpr,2026-11-01T09:30:00Z,planted-bad-${index}`,
  ];
  return kinds[index % kinds.length] ?? '';
}
