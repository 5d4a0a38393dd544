/** `npm run test:soak`: the model and the zoo of the ordinary tests, for thousands of histories and sources. @type {import('jest').Config} */
module.exports = { ...require('./jest.config'), testMatch: ['**/test/{model,zoo}/*.soak.ts'] };
