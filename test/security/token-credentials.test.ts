import { createCredentialCheck, type TokenCredentials } from '../../security/token-credentials';

const first: TokenCredentials = { headers: { 'x-client': 'measureone' }, data: { secret: 'first-secret-000' } };
const second: TokenCredentials = { headers: {}, data: { secret: 'second-secret-00' } };
const isCaller = createCredentialCheck([first, second]);
const data = (fields: Record<string, string>) => new Map(Object.entries(fields));

describe('createCredentialCheck', () => {
  it('lets in whoever knows one of the credentials whole, whatever else they send', () => {
    expect(isCaller({ headers: { 'x-client': 'measureone' }, data: data({ secret: 'first-secret-000' }) })).toBe(true);
    expect(isCaller({ headers: { other: 'x' }, data: data({ secret: 'second-secret-00', more: 'x' }) })).toBe(true);
  });

  it.each<[string, Record<string, unknown>, Record<string, string>]>([
    ['nothing', {}, {}],
    ['one half', {}, { secret: 'first-secret-000' }],
    ['the other half', { 'x-client': 'measureone' }, {}],
    ['a wrong half', { 'x-client': 'measureonE' }, { secret: 'first-secret-000' }],
    ['halves of two credentials', { 'x-client': 'measureone' }, { secret: 'third-secret-000' }],
    ['a header twice', { 'x-client': ['measureone'] }, { secret: 'first-secret-000' }],
    ['an empty secret', {}, { secret: '' }],
    ['more than the secret', {}, { secret: 'second-secret-00 ' }],
    ['the secret elsewhere', { secret: 'second-secret-00' }, {}],
  ])('lets nobody in with %s', (_what, headers, fields) => {
    expect(isCaller({ headers, data: data(fields) })).toBe(false);
  });

  it('lets nobody in by credentials that ask for nothing', () => {
    expect(createCredentialCheck([{ headers: {}, data: {} }])({ headers: {}, data: new Map() })).toBe(false);
    expect(createCredentialCheck([{ headers: {}, data: { a: '' } }])({ headers: {}, data: data({ a: '' }) })).toBe(
      false,
    );
    expect(createCredentialCheck([])({ headers: {}, data: new Map() })).toBe(false);
  });
});
