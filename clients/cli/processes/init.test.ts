import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli, temporaryFolder } from '../../../test/support/cli/cli';

test('where a stack has run without a config, init says that its connectors have to be registered', async () => {
  const fresh = await runCli(['init'], { cwd: temporaryFolder(), env: {} });
  expect(fresh.stdout).not.toContain('bundled connectors');
  const folder = temporaryFolder();
  mkdirSync(join(folder, '.tidemark'));
  const { stdout, status } = await runCli(['init'], { cwd: folder, env: {} });
  expect(status).toBe(0);
  expect(stdout).toContain("import { planningCenter } from 'tidemark/connectors/planning-center';");
  expect(readFileSync(join(folder, 'tidemark.config.ts'), 'utf8')).toContain('defineConfig');
});
