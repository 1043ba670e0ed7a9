/** One configuration for every kind of test; the engine and the workflow bundle are made once in globalSetup. */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '\\.[jt]s$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  // These packages ship ES modules only.
  transformIgnorePatterns: ['/node_modules/(?!(jose|env-paths|is-safe-filename|get-port)/)'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  // Against a test that hangs; a slow machine is no failure.
  testTimeout: 240_000,
  maxWorkers: 2,
  collectCoverageFrom: ['{domain,workflows,activities,security,config,network,worker,client,gateway,cli}/**/*.ts'],
};
