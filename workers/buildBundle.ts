import { join } from 'node:path';
import { builtBundle, bundleWorkflows } from './bundle';

/** A step of `npm run build`. */
bundleWorkflows(join(__dirname, '..', 'workflows', 'index.js'), builtBundle).catch((error: unknown) => {
  process.stderr.write(`Bundling the workflows failed: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
