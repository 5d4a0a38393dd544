import { z } from 'zod';

const settings = z.object({
  /** of the shared PostgreSQL, with the right to create databases */
  postgresUrl: z.url(),
  /** `host:port` of the shared Temporal dev server */
  temporalAddress: z.string(),
  /** path of the `temporal` program, for tests that start a server of their own */
  temporalBinary: z.string(),
  /** the workflows, bundled once for all workers of this run */
  workflowBundle: z.string(),
});

export type TestSettings = z.infer<typeof settings>;

const variable = 'TIDEMARK_TEST_ENVIRONMENT';

/** Written by globalSetup; the processes that run the tests inherit it. */
export function publishSettings(values: TestSettings): void {
  process.env[variable] = JSON.stringify(values);
}

export function testSettings(): TestSettings {
  const text = process.env[variable];
  if (text === undefined) throw new Error('the shared test servers are not running: start tests with jest');
  return settings.parse(JSON.parse(text));
}
