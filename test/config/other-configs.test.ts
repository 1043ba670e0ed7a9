import { readClientConfig } from '../../config/client-config';
import { ConfigurationError } from '../../config/environment';
import { readGatewayConfig } from '../../config/gateway-config';
import { problemsOf } from './settings';

const home = { HOME: '/nonexistent' };

describe('the settings of a gateway', () => {
  it('need the keys only', () => {
    expect(readGatewayConfig({ ...home, ERASURE_KEYS_DIR: '/keys' })).toEqual({
      temporal: { namespace: 'default', connection: {} },
      keysDirectory: '/keys',
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

describe('the settings of a client', () => {
  it('need nothing, not even keys', () => {
    expect(readClientConfig(home)).toEqual({ temporal: { namespace: 'default', connection: {} } });
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
