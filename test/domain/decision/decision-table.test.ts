/** Every row of the table is carried through to whatever is made from it. */
import { PassThrough } from 'node:stream';
import { createProgram } from '../../../cli/program';
import { parseDecision } from '../../../cli/take-decision';
import {
  decisionProblem,
  guardedKinds,
  isAboutProvider,
  providerDecisionKinds,
  readDecision,
} from '../../../domain/decision/decision';
import { requestDecisionKinds } from '../../support/decision-kinds';
import { commonFields, decisionKinds, decisionRow } from '../../../domain/decision/decision-table';
import type { Field } from '../../../domain/decision/decision-field';
import {
  createDecisionTokenChecker,
  createDecisionTokenIssuer,
  parseDecisionForRun,
} from '../../../security/decision-token';
import { decisionKeysOf, newServerDecisionKeys } from '../../../security/key-generation';
import { decisionUpdates } from '../../../workflows/messages';
import { decisionTable as documented } from '../../docs/decision-table';
import { read } from '../../docs/markdown';
import { contentOf, otherSampleOf } from './decision-content';

const now = Date.UTC(2026, 10, 22);
const gatewayKeys = newServerDecisionKeys('test', '2026-11-22');
const forRun = { requestId: '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11', run: '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a12' };

const program = createProgram({
  environment: {},
  stdin: new PassThrough(),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  exitWith: () => undefined,
} as never);

describe.each(decisionKinds)('the decision %s', (kind) => {
  const row = decisionRow(kind);
  const content = contentOf(kind);
  const fields: readonly (readonly [string, Field])[] = Object.entries({ ...row.fields, ...commonFields });
  const command = program.commands.find((one) => one.name() === kind);

  it('is taken complete, and refused without any of what it has to say', () => {
    expect(decisionProblem(kind, content)).toBeUndefined();
    for (const [name, { isOptional, expected }] of fields) {
      const problem = decisionProblem(kind, { ...content, [name]: undefined });
      expect(problem).toBe(isOptional ? undefined : `${name}: expected ${expected}`);
      expect(decisionProblem(kind, { ...content, [name]: ['Jane Doe'] })).toBe(`${name}: expected ${expected}`);
    }
  });

  it('is read as it was said, without its token and what came along', () => {
    const sent = {
      ...content,
      token: 'a.b.c',
      note: 'Jane Doe',
      reason: { ...Object(content['reason']), text: 'Jane' },
    };
    expect(readDecision(kind, sent)).toEqual({ kind, content });
  });

  it('is about a provider where it names one, and about the request otherwise', () => {
    expect('provider' in row.fields).toBe(isAboutProvider(kind));
    expect([...providerDecisionKinds, ...requestDecisionKinds]).toContain(kind);
  });

  it('has an update of its own', () => {
    expect(decisionUpdates[kind].name).toBe(row.update);
    expect(decisionKinds.filter((other) => decisionRow(other).update === row.update)).toEqual([kind]);
  });

  it('has a command with an option or an argument for each field, and help that says what it does', () => {
    const flags = command?.options.map((option) => option.attributeName()) ?? [];
    const places = command?.registeredArguments.map((argument) => argument.name()) ?? [];
    const wanted = fields.flatMap(([name, { option }]) =>
      option === undefined ? [] : [option.isArgument === true ? option.placeholder : name],
    );
    expect([...flags, ...places]).toEqual(expect.arrayContaining(wanted));
    expect(command?.description()).toBe(row.description);
    let help = '';
    command?.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    for (const text of [row.command.explanation, ...row.command.examples]) expect(help).toContain(text);
  });

  it('is what is made of its options', () => {
    const options = { ...content, json: true };
    expect(parseDecision(kind, options)).toEqual({ kind, content });
  });

  it('can be signed for one run, and its token says all of it', async () => {
    const decision = parseDecisionForRun({ ...forRun, kind, content });
    if (decision === undefined) throw new Error('This is no decision');
    const { token } = await createDecisionTokenIssuer(gatewayKeys).issue({ ...decision, now });
    const checker = createDecisionTokenChecker(decisionKeysOf(gatewayKeys));
    expect(await checker.check({ ...decision, token, now })).toMatchObject({ status: 'proven' });
    for (const [name, field] of fields.filter(([one]) => one !== 'token')) {
      const changed = { ...content, [name]: otherSampleOf(field) };
      expect(decisionProblem(kind, changed)).toBeUndefined();
      expect(await checker.check({ ...decision, content: changed, token, now })).toMatchObject({ status: 'refused' });
    }
  });

  it('is guarded by the row alone', () => {
    expect(guardedKinds.includes(kind)).toBe(row.isGuarded);
  });

  it('is in the documents: for staff, for other languages, for whoever operates it, and when it is taken', () => {
    expect(read('docs/handbook.md')).toContain(`\nerasure ${kind} `);
    expect(read('docs/temporal-ui.md')).toContain(`| update \`${row.update}\``);
    expect(read('docs/other-languages.md')).toContain(`| \`${row.update}\``);
    expect(read('docs/operations.md')).toContain(`| \`${row.update}\``);
    expect(documented().map(([name = '']) => name.replaceAll('`', '').split(' ')[0])).toContain(kind);
  });
});
