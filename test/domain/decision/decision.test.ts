import fc from 'fast-check';
import { decisionProblem, excessProblem, sentProblem } from '../../../domain/decision/decision';
import { decisionKinds } from '../../../domain/decision/decision-table';

const valid = { provider: 'person', actor: 'staff-7', reason: { code: 'credentials-mended', ticket: 'PRIV-1234' } };
const actor = 'actor: expected an opaque staff id of letters, digits and . _ : / # - (no e-mail address, no name)';
const code = 'reason.code: expected lower case words joined by hyphens, e.g. "credentials-mended"';
const ticket = 'reason.ticket: expected a ticket reference, e.g. "PRIV-1234"';
const shape = 'expected an object { actor, reason: { code, ticket }, provider }';
const reason = 'reason: expected an object { code, ticket }';
const provider = 'provider: expected the key of a provider, e.g. "measureone"';

describe('decisionProblem', () => {
  it.each([
    valid,
    { ...valid, actor: 'oidc:4f2a/9#1' },
    { ...valid, provider: 'aptrinsic', reason: { code: 'a', ticket: 'https://tickets/PRIV-1'.replace('//', '/') } },
  ])('accepts %j', (decision) => {
    expect(decisionProblem('retry', decision)).toBeUndefined();
  });

  it.each<[unknown, string]>([
    [undefined, shape],
    [null, shape],
    ['waive', shape],
    [[valid], shape],
    [{}, [actor, reason, provider].join('; ')],
    [{ ...valid, provider: undefined }, provider],
    [{ ...valid, provider: 'Person' }, provider],
    [{ ...valid, provider: 'constructor' }, provider],
    [{ ...valid, provider: ['person'] }, provider],
    [{ ...valid, actor: undefined }, actor],
    [{ ...valid, actor: '' }, actor],
    [{ ...valid, actor: 'jane.doe@example.org' }, actor],
    [{ ...valid, actor: 'Jane Doe' }, actor],
    [{ ...valid, actor: 'x'.repeat(65) }, actor],
    [{ ...valid, actor: 'staff-7\n' }, actor],
    [{ ...valid, actor: { id: 'staff-7' } }, actor],
    [{ ...valid, reason: undefined }, reason],
    [{ ...valid, reason: 'The person called' }, reason],
    [{ ...valid, reason: ['credentials-mended', 'PRIV-1'] }, reason],
    [{ ...valid, reason: { ticket: 'PRIV-1' } }, code],
    [{ ...valid, reason: { code: 'The person called', ticket: 'PRIV-1' } }, code],
    [{ ...valid, reason: { code: 'a-b-c-d-e-f-g-h-i', ticket: 'PRIV-1' } }, code],
    [{ ...valid, reason: { code: 'x'.repeat(65), ticket: 'PRIV-1' } }, code],
    [{ ...valid, reason: { code: 'mended' } }, ticket],
    [{ ...valid, reason: { code: 'mended', ticket: 'see the mail' } }, ticket],
    [{ ...valid, reason: { code: 'mended', ticket: 'jane@example.org' } }, ticket],
  ])('refuses %j', (decision, words) => {
    expect(decisionProblem('retry', decision)).toBe(words);
  });

  it('names everything that is wrong, and none of what was given', () => {
    const planted = 'jane.doe@example.org';
    const all = { provider: planted, actor: planted, reason: { code: planted, ticket: planted } };
    expect(decisionProblem('retry', all)?.split('; ').toSorted()).toEqual([actor, code, provider, ticket].toSorted());
    expect(sentProblem('retry', [{ ...all, [planted]: planted }])).toBe(
      `${decisionProblem('retry', all)}; has a field other than actor, reason, token, provider`,
    );
    expect(sentProblem('retry', [valid])).toBeUndefined();
  });

  it('never throws, and says its own sentences whatever it is given', () => {
    const own = [shape, provider, actor, reason, code, ticket];
    const part = fc.oneof(fc.jsonValue(), fc.string());
    const hostile = fc.oneof(
      fc.jsonValue(),
      fc.record({ provider: part, actor: part, reason: part }).map((o) => ({ ...valid, ...o })),
      fc.record({ code: part, ticket: part }).map((o) => ({ ...valid, reason: o })),
    );
    const words = (decision: unknown) => decisionProblem('retry', decision)?.split('; ') ?? [];
    fc.assert(fc.property(hostile, (decision) => expect(own).toEqual(expect.arrayContaining(words(decision)))));
  });
});

describe('excessProblem', () => {
  const planted = 'planted@customer.example';

  it.each(decisionKinds)('lets nothing come along with %s, and repeats none of it', (kind) => {
    const { provider: _provider, ...base } = valid;
    expect(excessProblem(kind, [base])).toBeUndefined();
    expect(excessProblem(kind, [{ ...base, token: 'a.b.c' }])).toBeUndefined();
    const field = excessProblem(kind, [{ ...base, [planted]: planted }]);
    expect(field).toMatch(/^has a field other than actor, reason, token/);
    const ofReason = excessProblem(kind, [{ ...base, reason: { ...valid.reason, [planted]: planted } }]);
    expect(ofReason).toBe('reason: has a field other than code, ticket');
    const after = excessProblem(kind, [base, planted]);
    expect(after).toBe('expected one object and nothing after it');
    expect([field, ofReason, after].join()).not.toContain(planted);
  });
});
