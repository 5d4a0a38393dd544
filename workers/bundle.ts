import { writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** Where the build leaves the workflows' bundle, next to the compiled workflows. */
export const builtBundle = join(__dirname, '..', 'workflows', 'bundle.js');

/** Bundles the workflows: at build time, since it takes seconds, and once for each test run. */
export async function bundleWorkflows(workflowsPath: string, output: string): Promise<void> {
  const interceptors = join(dirname(workflowsPath), `tracing${extname(workflowsPath)}`);
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    workflowInterceptorModules: [interceptors],
    logger: new DefaultLogger('WARN'),
  });
  writeFileSync(output, code);
}
