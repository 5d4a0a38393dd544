/**
 * Jest transformer for packages that a Jest worker loads once, outside of the sandbox of each test file. Temporal's packages bring
 * webpack and a thousand files with them, which takes seconds; the modules themselves are the same, and nothing of them is replaced.
 * See jestEnvironment.ts, which gives the sandbox `tidemarkRequire`.
 */
module.exports = {
  process: (_source, file) => ({ code: `module.exports = tidemarkRequire(${JSON.stringify(file)});` }),
  getCacheKey: (_source, file) => `loaded once: ${file}`,
};
