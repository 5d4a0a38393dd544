/** `npm run test:soak`: the model and the zoo of the ordinary tests, for thousands of histories and sources, and what ordinary tests bound loosely. @type {import('jest').Config} */
module.exports = { ...require('./jest.config'), testMatch: ['**/test/{model,zoo,hostile}/*.soak.ts'] };
