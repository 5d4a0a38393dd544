/** `npm run test:soak`: the same model as in the ordinary tests, for thousands of histories. @type {import('jest').Config} */
module.exports = { ...require('./jest.config'), testMatch: ['**/test/model/*.soak.ts'] };
