import { readWebhookConfig, readWebhookHosts } from '../../config/webhook-config';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

describe('who may be told', () => {
  const hosts = readWebhookHosts({
    ERASURE_WEBHOOK_HOSTS: 'hooks.example.com, *.example.org,other.example:8443',
    ERASURE_WEBHOOK_PRIVATE_HOSTS: 'crm.internal, 127.0.0.1:9099',
  });

  it.each([
    ['https://hooks.example.com/told', 'public'],
    ['https://a.example.org/', 'public'],
    ['https://a.b.example.org/', 'public'],
    ['https://example.org/', undefined],
    ['https://evilexample.org/', undefined],
    ['https://hooks.example.com.evil.example/', undefined],
    ['https://hooks.example.com:8443/', undefined],
    ['https://other.example:8443/', 'public'],
    ['https://other.example/', undefined],
    ['https://crm.internal/', 'private'],
    ['https://sub.crm.internal/', undefined],
    ['http://127.0.0.1:9099/', 'private'],
    ['http://127.0.0.1:9098/', undefined],
    ['http://localhost:9099/', undefined],
  ])('%s: %s', (url, kind) => {
    expect(hosts?.kindOf(url)).toBe(kind);
  });

  it('is nobody where nothing is set', () => {
    expect(readWebhookHosts({})).toBeUndefined();
    expect(readWebhookConfig({})).toBeUndefined();
  });
});

describe('the settings of webhooks', () => {
  it('belong together', () => {
    const config = readWebhookConfig({ ERASURE_WEBHOOK_HOSTS: 'hooks.example.com', ERASURE_WEBHOOK_SECRET: secret });
    expect(config?.secret).toEqual(new Uint8Array(32).fill(7));
    expect(config?.hosts.kindOf('https://hooks.example.com/')).toBe('public');
  });

  it.each([
    [
      'hosts without a secret',
      { ERASURE_WEBHOOK_HOSTS: 'a.example' },
      'ERASURE_WEBHOOK_SECRET is missing, and ERASURE_WEBHOOK_HOSTS',
    ],
    ['a secret without hosts', { ERASURE_WEBHOOK_SECRET: secret }, 'nobody could be told'],
    [
      'a URL for a host',
      { ERASURE_WEBHOOK_HOSTS: 'a.example,https://b.example/' },
      'ERASURE_WEBHOOK_HOSTS: number 2 is not a host name',
    ],
    ['all hosts', { ERASURE_WEBHOOK_HOSTS: '*' }, 'ERASURE_WEBHOOK_HOSTS: number 1'],
    ['an empty entry', { ERASURE_WEBHOOK_HOSTS: 'a.example,,b.example' }, 'ERASURE_WEBHOOK_HOSTS: number 2'],
    [
      'private hosts by a wildcard',
      { ERASURE_WEBHOOK_PRIVATE_HOSTS: '*.internal' },
      'ERASURE_WEBHOOK_PRIVATE_HOSTS: number 1',
    ],
    [
      'a short secret',
      { ERASURE_WEBHOOK_HOSTS: 'a.example', ERASURE_WEBHOOK_SECRET: 'whsec_c2hvcnQ=' },
      'ERASURE_WEBHOOK_SECRET: expected whsec_',
    ],
  ])('refuse %s', (_what, environment, message) => {
    expect(() => readWebhookConfig(environment)).toThrow(message);
  });
});
