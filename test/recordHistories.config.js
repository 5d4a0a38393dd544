const tests = require('../jest.config.js');

/** `npm run record-histories`: not among the tests, since it rewrites what the replay tests replay. */
module.exports = { ...tests, rootDir: '..', testMatch: ['**/test/recordHistories.ts'], testTimeout: 120_000 };
