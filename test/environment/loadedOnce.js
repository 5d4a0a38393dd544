/**
 * Jest transformer for packages that a Jest worker loads once, outside of the sandbox of each test file. Temporal's packages bring
 * webpack and a thousand files with them, which takes seconds; the modules themselves are the same, and nothing of them is replaced.
 * See jestEnvironment.ts, which gives the sandbox `tidemarkRequire`; where nothing lends them, as in globalSetup, they load as usual.
 */
module.exports = {
  process: (source, file) => ({
    code: `if (typeof tidemarkRequire === 'undefined') {\n${source}\n} else module.exports = tidemarkRequire(${JSON.stringify(file)});`,
  }),
  getCacheKey: (source, file) => `loaded once, or as usual: ${file} ${source.length}`,
};
