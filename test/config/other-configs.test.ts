import { readClientConfig } from '../../config/client-config';
import { ConfigurationError } from '../../config/environment';
import { readGatewayConfig } from '../../config/gateway-config';
import { readServerConfig } from '../../config/server-config';
import { readServerUrl, readLoginConfig } from '../../config/staff-config';
import { problemsOf } from './settings';

const home = { HOME: '/nonexistent' };

describe('the settings of a gateway', () => {
  it('need the keys only', () => {
    expect(readGatewayConfig({ ...home, ERASURE_KEYS_DIR: '/keys' })).toEqual({
      temporal: { namespace: 'default', connection: {} },
      keysDirectory: '/keys',
      keyPermissions: 'checked',
      host: '127.0.0.1',
      port: 8080,
      invalidPerMinute: 60,
      logLevel: 'info',
    });
    expect(problemsOf(readGatewayConfig, home)).toEqual(['ERASURE_KEYS_DIR is missing']);
  });

  it('can all be given', () => {
    const given = {
      ...home,
      ERASURE_KEYS_DIR: '/keys',
      GATEWAY_HOST: '::',
      GATEWAY_PORT: '65535',
      GATEWAY_INVALID_PER_MINUTE: '5',
      LOG_LEVEL: 'warn',
    };
    expect(readGatewayConfig(given)).toMatchObject({ host: '::', port: 65_535, invalidPerMinute: 5, logLevel: 'warn' });
  });

  it.each([
    ['GATEWAY_PORT', '65536'],
    ['GATEWAY_PORT', '-1'],
    ['GATEWAY_PORT', '8080 planted'],
    ['GATEWAY_INVALID_PER_MINUTE', '0.0'],
    ['LOG_LEVEL', 'INFO'],
  ])('name a wrong %s (%s) and do not repeat it', (name, value) => {
    const [problem, ...others] = problemsOf(readGatewayConfig, { ...home, ERASURE_KEYS_DIR: '/keys', [name]: value });
    expect(others).toEqual([]);
    expect(problem?.startsWith(`${name}: `)).toBe(true);
    expect(problem).not.toContain(value);
  });
});

describe('the settings of the server', () => {
  const serving = {
    ...home,
    ERASURE_KEYS_DIR: '/keys',
    SERVER_OIDC_ISSUER: 'https://login.example/',
    SERVER_OIDC_AUDIENCE: 'erasure-cli',
    SERVER_OIDC_ROLES: 'privacy-officer=view|approve, legal = view | decide',
  };

  it('say who may do what; the issuer is left exactly as it is', () => {
    expect(readServerConfig(serving).identityProvider).toEqual({
      issuer: 'https://login.example/',
      audience: 'erasure-cli',
      actorClaim: 'sub',
      rolesClaim: 'roles',
      roles: new Map([
        ['privacy-officer', ['view', 'approve']],
        ['legal', ['view', 'decide']],
      ]),
    });
    expect(readServerConfig({ ...home, ERASURE_KEYS_DIR: '/keys' })).not.toHaveProperty('identityProvider');
  });

  it.each(['SERVER_OIDC_ISSUER', 'SERVER_OIDC_AUDIENCE', 'SERVER_OIDC_ROLES'])('are refused without %s', (name) => {
    const [problem, ...others] = problemsOf(readServerConfig, { ...serving, [name]: '' });
    expect(others).toEqual([]);
    expect(problem).toMatch(new RegExp(`^${name} is missing, and SERVER_OIDC_[A-Z]+ is set: set both, or neither$`));
  });

  it('are refused where only a claim is named', () => {
    const half = { ...home, ERASURE_KEYS_DIR: '/keys', SERVER_OIDC_ACTOR_CLAIM: 'staff' };
    expect(problemsOf(readServerConfig, half)).toHaveLength(3);
  });

  it.each([
    ['SERVER_OIDC_ISSUER', 'http://login.example'],
    ['SERVER_OIDC_ISSUER', 'https://login.example/?planted'],
    ['SERVER_OIDC_ROLES', 'planted'],
    ['SERVER_OIDC_ROLES', 'planted='],
    ['SERVER_OIDC_ROLES', 'planted=erase'],
    ['SERVER_OIDC_ROLES', 'planted=approve|'],
    ['SERVER_OIDC_ROLES', '=approve'],
    ['SERVER_OIDC_ROLES', 'planted=approve=view'],
    ['SERVER_OIDC_ROLES', 'planted=approve,planted=view'],
  ])('name a wrong %s (%s) and do not repeat it', (name, value) => {
    const [problem, ...others] = problemsOf(readServerConfig, { ...serving, [name]: value });
    expect(others).toEqual([]);
    expect(problem?.startsWith(`${name}: expected`)).toBe(true);
    expect(problem).not.toContain('planted');
  });
});

describe('the settings of staff', () => {
  it('name a server and an identity provider, or neither', () => {
    expect(readServerUrl(home)).toBeUndefined();
    expect(readServerUrl({ ERASURE_SERVER_URL: 'https://erasure.example/' })).toBe('https://erasure.example');
    expect(readLoginConfig({ ERASURE_OIDC_ISSUER: 'https://a.example/', ERASURE_OIDC_CLIENT_ID: 'cli' })).toEqual({
      issuer: 'https://a.example/',
      clientId: 'cli',
      scope: 'openid',
    });
    expect(problemsOf(readLoginConfig, home)).toEqual([
      'ERASURE_OIDC_ISSUER is missing',
      'ERASURE_OIDC_CLIENT_ID is missing',
    ]);
  });
});

describe('the settings of a client', () => {
  it('need nothing, not even keys', () => {
    expect(readClientConfig(home)).toEqual({
      temporal: { namespace: 'default', connection: {} },
      keyPermissions: 'checked',
    });
    expect(readClientConfig({ ...home, ERASURE_KEYS_DIR: '' })).not.toHaveProperty('keysDirectory');
    expect(readClientConfig({ ...home, ERASURE_KEYS_DIR: '/keys' }).keysDirectory).toBe('/keys');
  });
});

describe('a ConfigurationError', () => {
  it('lists its problems in one message', () => {
    expect(new ConfigurationError(['A is missing', 'B: expected a number']).message).toBe(
      'The configuration is incomplete or wrong:\n  - A is missing\n  - B: expected a number',
    );
  });
});
