import { testSettings } from '../environment';
import { soak } from './soak';

/** The short form; `npm run soak` is the long one. Servers of its own, since they are killed. */
jest.setTimeout(600_000);

test('after kills and broken connections nothing is lost, nothing live is deleted, and everything goes on by itself', async () => {
  const report = await soak({
    ...{ seconds: 6, seed: 46, people: 300, donations: 100, generated: 1, changesPerSecond: 20, burstEvery: 1 },
    ...{ deltaEvery: 2, reconciliationEvery: 5, pause: 0.9, longestFault: 1.5, patience: 240 },
    temporalBinary: testSettings().temporalBinary,
    onProgress: (sentence) => {
      if (process.env.SOAK_PROGRESS !== undefined) process.stderr.write(`${performance.now() | 0} ${sentence}\n`);
    },
  });
  for (const check of report.checks) expect(check).toEqual({ name: check.name, contradictions: [] });
  // whatever the machine's pace, each was killed, and something was there to lose
  expect(Object.entries(report.kills).filter(([, count]) => count === 0)).toEqual([]);
  expect(report.webhooks.acknowledged).toBeGreaterThan(0);
  expect(report.webhooks.found).toBe(report.webhooks.acknowledged);
  expect(report.rows.people).toBeGreaterThan(100);
});
