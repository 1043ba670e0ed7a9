/**
 * Two kinds of tests: `pure` ones need Node only, and `engine` ones a Temporal server, which is made once in globalSetup,
 * as are the compiled programs and the workflow bundle. `npm test` runs both, `npm run test:pure` those without a server.
 */
const { testsThatNeedEngine } = require('./test/support/needs-engine.js');

const needEngine = testsThatNeedEngine(`${__dirname}/test`);
const escaped = (path) => path.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

const compiledBy = (jsc) => [
  '@swc/jest',
  { jsc: { target: 'es2022', ...jsc }, module: { type: 'commonjs' }, sourceMaps: 'inline' },
];

const common = {
  transform: {
    '\\.[jt]s$': compiledBy({ parser: { syntax: 'typescript' } }),
    '\\.tsx$': compiledBy({
      parser: { syntax: 'typescript', tsx: true },
      transform: { react: { runtime: 'automatic', importSource: 'preact' } },
    }),
  },
  // These packages ship ES modules only.
  transformIgnorePatterns: [
    '/node_modules/(?!(jose|env-paths|is-safe-filename|get-port|openid-client|oauth4webapi|request-filtering-agent)/)',
  ],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  setupFiles: ['<rootDir>/test/support/quiet-grpc.js'],
};

module.exports = {
  maxWorkers: 3,
  // Against a test that hangs; a slow machine is no failure.
  testTimeout: 240_000,
  collectCoverageFrom: [
    '{domain,workflows,activities,security,config,network,worker,client,gateway,access,api,console,server,cli}/**/*.{ts,tsx}',
  ],
  projects: [
    {
      ...common,
      displayName: 'pure',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', ...needEngine.map((path) => `^${escaped(path)}$`)],
    },
    {
      ...common,
      displayName: 'engine',
      testMatch: needEngine.map((path) => path.replace(/[[\]{}()*?!+@\\]/g, String.raw`\$&`)),
      globalSetup: '<rootDir>/test/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/support/global-teardown.ts',
    },
  ],
};
