/** @type {import('jest').Config} */
module.exports = {
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  // `import('./x.js')`, as Node wants it, is x.ts here
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist'],
  transform: {
    // what takes longest to load is loaded once per Jest worker instead of once per test file
    '/node_modules/@temporalio/(activity|client|common|envconfig|proto|testing|worker)/.+\\.js$':
      '<rootDir>/test/environment/loadedOnce.js',
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }],
    // Node requires this ES module by itself, Jest does not
    '/node_modules/oauth4webapi/.+\\.js$': ['@swc/jest', { jsc: { target: 'es2023' }, module: { type: 'commonjs' } }],
  },
  transformIgnorePatterns: ['/node_modules/(?!oauth4webapi/|@temporalio/)'],
  // One PostgreSQL and one Temporal server for all suites; each test file has a database and a namespace of its own.
  globalSetup: '<rootDir>/test/environment/globalSetup.ts',
  globalTeardown: '<rootDir>/test/environment/globalTeardown.ts',
  testEnvironment: '<rootDir>/test/environment/jestEnvironment.ts',
  testTimeout: 120_000,
  maxWorkers: 3,
};
