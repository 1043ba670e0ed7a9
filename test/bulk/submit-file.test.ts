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

  it('takes a file as Excel writes it, with ten kinds of trouble, through preview, mending and submission', async () => {
    const rows = [
      'sep=;',
      'Regulation; SubmittedAt ;person.personId;aptrinsic.identifyId;receivedVia;',
      // Good, odd, odd by case, and one in two lines: 3 to 7.
      `gdpr;2026-11-01T09:30:00Z;${plantedPerson(1, 'f1a27ed3')};planted-4711;web-form;`,
      'gdpr;2026-11-01T09:30:00Z;;1.23457E+11;web-form;',
      'gdpr;2026-11-01T09:30:00Z;;Planted@Example.test;"web\r\n-form";',
      'gdpr;2026-11-01T09:30:00Z;;planted@example.test;;',
      // Bad: 8 to 14.
      'gdpr;2026-11-01T09:30:00Z;#N/A;;web-form;',
      'gdpr;2026-11-01T09:30:00Z;;undefined;web-form;',
      'gdpr;2026-11-01T09:30:00Z;;planted\u200b-4712;web-form;',
      'gdpr;2026-11-01T09:30:00Z;planted-4713;;web-form;',
      'gdpr;1970-01-01T00:00:00Z;;planted-4714;web-form;',
      'gdpr;01.11.2026 09:30;;planted-4715;web-form;',
      'gdpr;2026-11-01T09:30:00Z;;planted-4716;web-form',
      ';;;;;',
      ';;;;;',
    ];
    const excel = (lines: readonly string[]): string => `\uFEFF${lines.join('\r\n')}\r\n`;
    const bad = (lines: readonly string[]): Buffer =>
      Buffer.from(excel(lines).replace('planted-4711', 'plantéd'), 'latin1');
    const before = await started();

    const file = await write('excel.csv', bad(rows));
    expect(await submitFile(file, '--dry-run')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('The file is not UTF-8. It may be in Windows-1252'),
    });

    await write('excel.csv', excel(rows));
    const preview = await submitFile(file, '--dry-run');
    expect(preview.code).toBe(2);
    for (const said of [
      /^Rows {8}11$/m,
      /^ {2}good {6}3$/m,
      /^ {2}rejected {2}8 \(line and field: excel\.csv\.rejects\.csv\)$/m,
      /^ {2}empty {5}2 more, of nothing but separators: skipped$/m,
      /^Look again {2}1 of the good rows \(line and field: excel\.csv\.warnings\.csv\)$/m,
      /^ {2}aptrinsic\.identifyId reads like a number or a date that a spreadsheet has rewritten \(1 row: line 4\)$/m,
    ]) {
      expect(preview.stdout).toMatch(said);
    }
    const rejects = (await readFile(`${file}.rejects.csv`, 'utf8')).trimEnd().split('\n');
    expect(rejects.map((line) => line.split(',', 2).join(','))).toEqual([
      'line,field',
      '5,receivedVia',
      '8,person.personId',
      '9,aptrinsic.identifyId',
      '10,aptrinsic.identifyId',
      '11,person.personId',
      '12,submittedAt',
      '13,submittedAt',
      '14,row',
    ]);
    expect(rejects.join('\n')).not.toMatch(/planted|f1a27ed/i);
    expect(await started()).toBe(before);

    // Mended line by line, but for one that is left for later.
    const mended = rows.map((line) =>
      line
        .replace('"web\r\n-form"', 'web-form')
        .replace('#N/A', plantedPerson(2, 'f1a27ed3'))
        .replace('undefined', 'planted-4710')
        .replace('\u200b', '')
        .replace('planted-4713;;', ';planted-4713;')
        .replace('1970-01-01T00', '2026-11-02T00')
        .replace('01.11.2026 09:30', '2026-11-01T09:30:00Z'),
    );
    await write('excel.csv', excel(mended));
    const results = join(directory, 'results.csv');
    const first = await submitFile(file, '--results', results, '--json');
    expect(first.code).toBe(2);
    expect(JSON.parse(first.stdout)).toMatchObject({
      rows: 11,
      accepted: 10,
      rejected: 1,
      empty: 2,
      warned: 3,
      results,
    });
    expect(first.stderr).toContain('differs by case only from that of an earlier row');

    await write('excel.csv', excel(mended.map((line) => line.replace(/4716;web-form$/, '4716;web-form;'))));
    const second = await submitFile(file, '--results', results, '--json');
    expect(second.code).toBe(0);
    expect(JSON.parse(second.stdout)).toMatchObject({ accepted: 1, duplicates: 10, rejected: 0 });
    const told = (await readFile(results, 'utf8'))
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
    // In the order in which they were done, which is not quite that of the lines.
    expect(told.map(([line, , , result]) => `${line} ${result}`).toSorted()).toEqual(
      [...[3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((line) => `${line} new`), '13 rejected', '13 new'].toSorted(),
    );
    for (const [, requestId = '', workflowId = ''] of told.filter((line) => line[3] === 'new')) {
      expect((await client.workflow.getHandle(workflowId).describe()).workflowId).toContain(requestId);
    }
    expect(JSON.stringify(told)).not.toMatch(/planted|f1a27ed/i);
  });

  it('says that a provider asks to go through its support for so many people', async () => {
    const line = (row: number): string => `,gdpr,2026-11-01T09:30:00Z,web-form,,planted-${row}`;
    const file = await write('many.csv', [header, ...Array.from({ length: 1_001 }, (_, row) => line(row))].join('\n'));
    const shown = await submitFile(file, '--dry-run');
    expect(shown.stdout).toContain(
      'Look again  1001 people at Aptrinsic (Gainsight PX): for more than 1000 its documents ask to go through its support',
    );
    await write('many.csv', [header, ...Array.from({ length: 1_000 }, (_, row) => line(row))].join('\n'));
    expect((await submitFile(file, '--dry-run')).stdout).not.toContain('Look again');
  });

  it('overwrites no file that is not its own', async () => {
    const file = await write('own.csv', `${header}\n,hipaa,x,y,z,\n`);
    const mine = await write('mine.csv', 'mine');
    expect(await submitFile(file, '--rejects', mine)).toMatchObject({ code: 2, stdout: '' });
    expect(await readFile(mine, 'utf8')).toBe('mine');
    expect((await submitFile(file, '--rejects', file)).code).toBe(2);
    expect(await submitFile(file, '--warnings', mine)).toMatchObject({ code: 2, stdout: '' });
    expect(await submitFile(file, '--results', mine)).toMatchObject({ code: 2, stdout: '' });
    expect(await readFile(mine, 'utf8')).toBe('mine');
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
    expect(shown.stdout).toContain('Person API: 1 requests, asked within 1 s at 10 calls a second');
    expect((await submitFile(file, '--dry-run')).stdout).toContain('Due dates   not computed');
  });

  it.each([
    [['--file', 'a.csv', 'b.json'], /not both/],
    [['--file', 'a.csv', '--wait'], /--wait is for a single request/],
    [['--dry-run'], /belong to a file of many/],
    [['a.json', '--results', 'r.csv'], /belong to a file of many/],
    [['--file', 'a.csv', '--dry-run', '--results', 'r.csv'], /a --dry-run submits none/],
    [['--file', 'a.csv', '--concurrency', '0'], /--concurrency: expected a whole number from 1 to 64/],
    [['--file', 'a.csv', '--batch', 'planted name'], /--batch: expected/],
    [[], /Missing required argument 'FILE'/],
  ])('refuses %j', async (args, message) => {
    const ended = clean(await cli.run(['submit', ...args], { environment: environment() }));
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(message);
  });
});
