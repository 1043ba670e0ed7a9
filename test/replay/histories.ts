/** Recorded histories as files: proto-JSON, one line for each event, without what replay does not need. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON, historyToJSON, type History } from '@temporalio/common/lib/proto-utils';

export const historiesDirectory = join(__dirname, 'histories');
/** Sealed identifiers and certificates: half of every history. */
const COMPACT = /"eyJ[A-Za-z0-9_-]{20,}(\.[A-Za-z0-9_-]*){2,4}"/g;
/** Has the form that the workflow's guard asks for; replay opens nothing. */
const COMPACT_STUB = '"left.out.of.the.recording"';

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

export interface RecordedHistory {
  readonly release: string;
  readonly story: string;
  readonly text: string;
  readonly history: History;
  /** As replay has it: the id that the run was started under. */
  readonly workflowId: string;
}

export function recordedHistories(): readonly RecordedHistory[] {
  return readdirSync(historiesDirectory).flatMap((release) =>
    readdirSync(join(historiesDirectory, release)).map((file) => {
      const text = readFileSync(join(historiesDirectory, release, file), 'utf8');
      const history = historyFromJSON(JSON.parse(text));
      const workflowId = history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowId ?? '';
      return { release, story: file.replace(/\.json$/, ''), text, history, workflowId };
    }),
  );
}

export function asFixture(history: History): string {
  const { events } = JSON.parse(historyToJSON(history)) as { readonly events: readonly Json[] };
  return `{"events":[\n${events.map((event) => JSON.stringify(lean(event))).join(',\n')}\n]}\n`;
}

/** Without the machine it ran on, where its stacks were, and what was sealed and signed. */
function lean(value: Json): Json {
  if (Array.isArray(value)) return value.map(lean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as { readonly [name: string]: Json })
      .filter(([name]) => !['identity', 'stackTrace', 'workerVersion', 'workerInstanceKey'].includes(name))
      .map(([name, content]) => [name, leanField(name, content)]),
  );
}

function leanField(name: string, content: Json): Json {
  if (typeof content !== 'string') return lean(content);
  // The queue of one process is called after it.
  if (name === 'name') return content.replace(/^\d+@.*/, 'sticky');
  if (name !== 'data') return content;
  const text = Buffer.from(content, 'base64').toString();
  return Buffer.from(text.replace(COMPACT, COMPACT_STUB)).toString('base64');
}
