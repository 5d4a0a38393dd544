// of the tests that search, see test/support/search.ts
process.env.TIDEMARK_SEARCH_FACTOR ??= '20';

/**
 * `npm run test:soak`: the searches of the ordinary tests (model, zoo, merge rule, moving lists), for thousands of histories and
 * sources, what ordinary tests bound loosely, and worker processes that are killed while a report is made.
 *
 * @type {import('jest').Config}
 */
module.exports = {
  ...require('./jest.config'),
  testMatch: [
    '**/test/{model,zoo,hostile,reports}/*.soak.ts',
    '**/destination/rows/mergeRuleModel.test.ts',
    '**/source/paging/movingList.test.ts',
  ],
};
