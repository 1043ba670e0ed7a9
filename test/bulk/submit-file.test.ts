/** The command on the real server: a file of 2,000 people, submitted, repeated, interrupted and gone on with. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { prepareNamespace } from '../../local/engine/namespace';
import { temporaryKeys, type TemporaryKeys } from '../client/client-fixture';
import { CompiledCli, type Ended } from '../cli/compiled-cli';
import { eventually } from '../support/workflow-bench';
import { header, people, plantedPerson } from './people';

/** Nothing serves it, so the requests merely stand there; the workers of other tests never see them. */
const namespace = `bulk-${process.pid}`;
const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
const cli = new CompiledCli();
let directory: string;
let keys: TemporaryKeys;
let client: Client;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'erasure-bulk-'));
  keys = await temporaryKeys();
  await prepareNamespace({
    connectionOptions: { address },
    namespace,
    deadline: Date.now() + 30_000,
    signal: new AbortController().signal,
  });
  client = new Client({ connection: await Connection.connect({ address }), namespace });
});
afterAll(async () => {
  await client.connection.close();
  await keys.remove();
  await rm(directory, { recursive: true, force: true });
});

const environment = (): Record<string, string | undefined> => ({
  TEMPORAL_ADDRESS: address,
  TEMPORAL_NAMESPACE: namespace,
  ERASURE_KEYS_DIR: keys.directory,
});

async function write(name: string, text: string | Buffer): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

function clean(ended: Ended): Ended {
  expect(ended.stdout + ended.stderr).not.toMatch(/planted|f1a27ed/);
  expect(ended.stderr).not.toMatch(/^ {4}at /m);
  return ended;
}

async function submitFile(...args: readonly string[]): Promise<Ended> {
  return clean(await cli.run(['submit', '--file', ...args], { environment: environment() }));
}

async function started(): Promise<number> {
  return (await client.workflow.count()).count;
}

describe('erasure submit --file', () => {
  it('starts the good rows of 2,000 once, tells the bad ones, and finds all again when repeated', async () => {
    const { text, bad } = people({ rows: 2_000, bad: 37, repeated: 100 });
    const file = await write('people.csv', `\uFEFF${text}`);
    const before = await started();

    const dry = await submitFile(file, '--dry-run', '--json');
    expect(dry.code).toBe(2);
    expect(JSON.parse(dry.stdout)).toMatchObject({ rows: 2_000, good: 1_863, duplicates: 100, rejected: 37 });
    expect(await started()).toBe(before);

    const first = await submitFile(file, '--json', '--concurrency', '16');
    expect(first.code).toBe(2);
    const counts = { rows: 2_000, rejected: 37, failed: 0, left: 0, stopped: false };
    expect(JSON.parse(first.stdout)).toMatchObject({ ...counts, accepted: 1_863, duplicates: 100 });

    const rejects = `${file}.rejects.csv`;
    const told = (await readFile(rejects, 'utf8')).trimEnd().split('\n');
    expect(told[0]).toBe('line,field,problem');
    expect([...new Set(told.slice(1).map((line) => Number(line.split(',')[0])))]).toEqual(bad);
    expect(told.join('\n')).not.toMatch(/planted|f1a27ed/);
    expect((await stat(rejects)).mode & 0o777).toBe(0o600);

    const again = await submitFile(file, '--json', '--concurrency', '16');
    expect(again.code).toBe(2);
    expect(JSON.parse(again.stdout)).toMatchObject({ ...counts, accepted: 0, duplicates: 1_963 });
    expect(await eventually(async () => ((await started()) === before + 1_863 ? true : undefined))).toBe(true);
  });

  it('stops when interrupted, says where it stands, and goes on when repeated', async () => {
    const { text } = people({ rows: 400, bad: 1, repeated: 1 });
    const file = await write('interrupted.csv', text.replaceAll('f1a27ed0', 'f1a27ed1'));
    const before = await started();
    const running = cli.start(['submit', '--file', file, '--concurrency', '1', '--json'], {
      environment: environment(),
    });
    await eventually(async () => ((await started()) > before ? true : undefined), 60_000);
    running.child.kill('SIGINT');
    const stopped = clean(await running.ended);
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain('Not finished. Submit interrupted.csv again');
    const { accepted, left } = JSON.parse(stopped.stdout) as { accepted: number; left: number };
    expect(accepted).toBeGreaterThan(0);
    expect(accepted + left).toBeGreaterThan(390);
    expect(left).toBeGreaterThan(0);

    const rest = await submitFile(file, '--json', '--concurrency', '16');
    const counts = JSON.parse(rest.stdout) as { accepted: number; duplicates: number; left: number };
    expect(counts.left).toBe(0);
    // Nothing is sent twice: what the first run started is found again, beside the one repeated row.
    expect(counts.accepted).toBe(398 - accepted);
    expect(counts.duplicates).toBe(accepted + 1);
  });

  it('takes NDJSON, with and without ids, and tells an id that is taken by another request', async () => {
    const requestId = '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11';
    const row = { regulation: 'gdpr', submittedAt: '2026-11-01T09:30:00Z' };
    const one = { ...row, requestId, subject: { person: { personId: plantedPerson(1, 'f1a27ed2') } } };
    const file = await write(
      'a.ndjson',
      [one, { ...row, subject: { person: { personId: plantedPerson(2, 'f1a27ed2') } } }]
        .map((line) => JSON.stringify(line))
        .join('\n'),
    );
    expect(await submitFile(file)).toMatchObject({ code: 0, stdout: expect.stringContaining('Accepted    2') });
    const other = await write('b.ndjson', JSON.stringify({ ...one, regulation: 'ccpa' }));
    const taken = await submitFile(other);
    expect(taken).toMatchObject({ code: 4, stdout: expect.stringContaining('Failed      1') });
    expect(await readFile(`${other}.rejects.csv`, 'utf8')).toBe(
      'line,field,problem\n1,requestId,is taken by another request\n',
    );
    // The same row in another batch is another request.
    expect(JSON.parse((await submitFile(file, '--batch', 'second', '--json')).stdout)).toMatchObject({
      accepted: 1,
      duplicates: 1,
    });
  });

  it.each<[string, string, string | Buffer, RegExp]>([
    ['another header', 'h.csv', 'planted,regulation\n', /column 1: there is no such column/],
    ['a stray quote', 'q.csv', `${header}\n,gdpr,"plan"ted\n`, /no CSV from line 2 on/],
    ['nothing in it', 'e.csv', '', /The file is empty/],
    ['another encoding', 'l.csv', Buffer.from(`${header}\n,gdpr,x,y,\xE9,\n`, 'latin1'), /is not UTF-8/],
    ['another kind', 'k.xlsx', '', /has to end with \.csv/],
  ])('sends nothing of a file with %s', async (_what, name, content, message) => {
    const before = await started();
    const ended = await submitFile(await write(name, content));
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(message);
    expect(await started()).toBe(before);
  });

  it('tells a file that is none also where Temporal is away', async () => {
    const away = { ...environment(), TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const { code, stderr } = clean(
      await cli.run(['submit', '--file', join(directory, 'none.csv')], { environment: away }),
    );
    expect(code).toBe(2);
    expect(stderr).not.toContain('Temporal');
  });

  it('overwrites no file that is not its own', async () => {
    const file = await write('own.csv', `${header}\n,hipaa,x,y,z,\n`);
    const mine = await write('mine.csv', 'mine');
    expect(await submitFile(file, '--rejects', mine)).toMatchObject({ code: 2, stdout: '' });
    expect(await readFile(mine, 'utf8')).toBe('mine');
    expect((await submitFile(file, '--rejects', file)).code).toBe(2);
    expect((await submitFile(file, '--dry-run')).code).toBe(2);
    expect((await submitFile(file, '--dry-run')).code).toBe(2);
  });

  it('shows due dates by the policy file, and says so where there is none', async () => {
    const policy = await write(
      'policy.json',
      JSON.stringify({ calendars: { gdpr: { timeZone: 'Europe/Berlin', calendar: 'DE-BE' } } }),
    );
    const file = await write('due.csv', `${header}\n,gdpr,2026-11-01T09:30:00Z,web-form,${plantedPerson(1)},\n`);
    const shown = await submitFile(file, '--dry-run', '--policy', policy);
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.stdout).toContain('gdpr: 1 requests, due 2026-12-01');
    expect(shown.stdout).toContain('Person API: 1 requests, asked within 1 s at 10 a second');
    expect((await submitFile(file, '--dry-run')).stdout).toContain('Due dates   not computed');
  });

  it.each([
    [['--file', 'a.csv', 'b.json'], /not both/],
    [['--file', 'a.csv', '--wait'], /--wait is for a single request/],
    [['--dry-run'], /belong to a file of many/],
    [['--file', 'a.csv', '--concurrency', '0'], /--concurrency: expected a whole number from 1 to 64/],
    [['--file', 'a.csv', '--batch', 'planted name'], /--batch: expected/],
    [[], /Missing required argument 'FILE'/],
  ])('refuses %j', async (args, message) => {
    const ended = clean(await cli.run(['submit', ...args], { environment: environment() }));
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(message);
  });
});
