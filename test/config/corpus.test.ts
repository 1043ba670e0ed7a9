/** How people write settings, for each kind of setting: what is read all the same, and what is said about the rest. */
import { readGatewayConfig } from '../../config/gateway-config';
import { readLoginConfig } from '../../config/staff-config';
import { readWorkerConfig } from '../../config/worker-config';
import { problemsOf, workerSettings } from './settings';

type Reader = (settings: Readonly<Record<string, string>>) => readonly string[];
const worker: Reader = (settings) => problemsOf(readWorkerConfig, { ...workerSettings, ...settings });
const gateway: Reader = (settings) =>
  problemsOf(readGatewayConfig, { HOME: '/nonexistent', ERASURE_KEYS_DIR: '/keys', ...settings });
const staff: Reader = (settings) =>
  problemsOf(readLoginConfig, {
    ERASURE_OIDC_ISSUER: 'https://login.example',
    ERASURE_OIDC_CLIENT_ID: 'cli',
    ...settings,
  });

const quoted = 'stands in quotation marks that belong to no value here; leave them out';
const placeholder = 'is a placeholder that nothing has filled in';
const url = 'expected an https URL (http to this machine only)';
const number = 'expected a number above 0, without a unit';
const whole = 'expected a whole number from 1 to 9999999, without a unit';
const word = 'expected true or false';
const port = 'expected a port number up to 65535, and no host';
const bind = 'expected an IP address and a port, such as 127.0.0.1:9464';

/** Of each kind one name, a good value, and what people write instead. */
const kinds: readonly {
  readonly read: Reader;
  readonly names: readonly string[];
  readonly good: string;
  readonly wrong: readonly (readonly [string, string])[];
}[] = [
  {
    read: worker,
    names: ['MEASUREONE_BASE_URL', 'PERSON_API_BASE_URL', 'APTRINSIC_BASE_URL', 'GATEWAY_PUBLIC_URL'],
    good: 'https://planted.example',
    wrong: [
      ['localhost:1234', `${url}: it has to begin with https://`],
      ['planted.example', `${url}: it has to begin with https://`],
      ['//planted.example', `${url}: it has to begin with https://`],
      ['https:/planted.example', `${url}: it has to begin with https://`],
      ['https:planted.example', `${url}: it has to begin with https://`],
      ['http://planted.example', url],
      ['ftp://planted.example', url],
      ['https://', `${url}, and this is no URL`],
      ['https://planted.example:port', `${url}, and this is no URL`],
      ['https://planted .example', `${url} without blanks, line ends or backslashes`],
      ['https://plan\nted.example', `${url} without blanks, line ends or backslashes`],
      ['https:\\\\planted.example', `${url} without blanks, line ends or backslashes`],
      ['https://planted@login.example', `${url} without credentials`],
      ['https://planted.example?a=b', `${url} without query or fragment`],
      ['https://your-environment-id.rally-here.io', placeholder],
    ],
  },
  {
    read: staff,
    names: ['ERASURE_OIDC_ISSUER'],
    good: 'https://planted.example/',
    wrong: [['login.planted.example', `${url}: it has to begin with https://`]],
  },
  {
    read: worker,
    names: ['MEASUREONE_REQUESTS_PER_SECOND', 'PERSON_API_REQUESTS_PER_SECOND', 'APTRINSIC_REQUESTS_PER_SECOND'],
    good: '2.5',
    wrong: [
      ['2,5', 'expected a number above 0 with a point, not a comma'],
      ['5/s', number],
      ['5 rps', number],
      ['5.', number],
      ['.5', number],
      ['+5', number],
      ['-5', number],
      ['1e3', number],
      ['0x10', number],
      ['Infinity', number],
      ['0', 'expected a number above 0, at most 1000000'],
      ['9'.repeat(400), 'expected a number above 0, at most 1000000'],
    ],
  },
  {
    read: worker,
    names: ['MEASUREONE_CONCURRENCY', 'ERASURE_SWEEP_LOOKS'],
    good: '7',
    wrong: [
      ['7.0', whole],
      ['1,000', whole],
      ['1 000', whole],
      ['1_000', whole],
      ['7 requests', whole],
      ['0', whole],
      ['07', whole],
      ['10000000', whole],
    ],
  },
  {
    read: worker,
    names: ['APTRINSIC_REQUESTS_PER_DAY'],
    good: '999999999',
    wrong: [['1000000000', 'expected a whole number from 1 to 999999999, without a unit']],
  },
  {
    read: worker,
    names: ['ERASURE_SERVE_WORKFLOWS', 'APTRINSIC_HARD_DELETE'],
    good: 'true',
    wrong: ['True', 'TRUE', 'yes', 'on', '1', '0', 'no', 'off', 'enabled'].map((value) => [value, word] as const),
  },
  {
    read: gateway,
    names: ['GATEWAY_PORT'],
    good: '8080',
    wrong: [':8080', '127.0.0.1:8080', 'tcp://10.0.0.1:8080', '8080/tcp', '80.80', '-1', '65536', '8,080'].map(
      (value) => [value, port] as const,
    ),
  },
  {
    read: gateway,
    names: ['GATEWAY_HOST'],
    good: '::',
    wrong: ['http://0.0.0.0', '0.0.0.0:8080', '[::]:8080', '*', '0.0.0.0/0'].map(
      (value) => [value, 'expected an IP address such as 0.0.0.0 or ::, or a name, without scheme and port'] as const,
    ),
  },
  {
    read: worker,
    names: ['METRICS_ADDRESS'],
    good: '[::]:9464',
    wrong: [
      '9464',
      ':9464',
      'localhost:9464',
      '0.0.0.0',
      '::1:9464',
      'http://0.0.0.0:9464',
      '0.0.0.0:9464/metrics',
    ].map((value) => [value, bind] as const),
  },
  {
    read: worker,
    names: ['PERSON_API_PURGE_DELAY'],
    good: '72h',
    wrong: ['72', '3d', '72 h', '72 hours', '1,5h', 'ASAP', '-1h', 'PT72H'].map(
      (value) => [value, 'expected "asap" or a number of hours such as "72h"'] as const,
    ),
  },
  {
    read: worker,
    names: ['ERASURE_KEYS_DIR'],
    good: '/keys',
    wrong: [['~/keys', 'begins with ~, which only a shell replaces: write the whole path']],
  },
  {
    read: worker,
    names: ['MEASUREONE_CLIENT_SECRET', 'APTRINSIC_API_KEY'],
    good: 'planted-$ecret',
    wrong: [
      ['plan\nted', 'has a line end or another control character inside'],
      ['plan\r\nted', 'has a line end or another control character inside'],
      ['plan\tted', 'has a line end or another control character inside'],
    ],
  },
  {
    read: worker,
    names: ['LOG_LEVEL'],
    good: 'warn',
    wrong: ['WARN', 'warning', 'verbose', '3'].map(
      (value) => [value, 'expected trace, debug, info, warn or error'] as const,
    ),
  },
  {
    read: worker,
    names: ['ERASURE_PROVIDERS'],
    good: 'person, aptrinsic',
    wrong: ['person;aptrinsic', 'person aptrinsic', 'Person', 'person,', '["person"]', 'all'].map(
      (value) => [value, 'expected a comma-separated list of measureone, person, aptrinsic, or none'] as const,
    ),
  },
];

describe.each(kinds.flatMap(({ names, ...kind }) => names.map((name) => [name, kind] as const)))(
  '%s',
  (name, { read, good, wrong }) => {
    const readBy = (value: string): readonly string[] => read({ [name]: value });

    it.each([good, ` ${good}`, `${good} `, `${good}\r`, `${good}\n`, `\uFEFF${good}`, `\u00a0${good}\t`])(
      'is read as %j',
      (value) => {
        expect(readBy(value)).toEqual([]);
      },
    );

    it.each<readonly [string, string]>([
      [`"${good}"`, quoted],
      [`'${good}'`, quoted],
      [`“${good}”`, quoted],
      ['${PLANTED}', placeholder],
      ['$PLANTED', placeholder],
      ['{{ planted }}', placeholder],
      ['<planted>', placeholder],
      ...wrong,
    ])('is refused as %j, by its name and not by its value', (value, sentence) => {
      const problems = readBy(value);
      expect(problems).toEqual([`${name}: ${sentence}`]);
      expect(problems.join()).not.toMatch(/planted/i);
    });
  },
);
