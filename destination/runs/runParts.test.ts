import type { Knex } from 'knex';
import { type Counts, noCounts } from '../../schema/answer';
import { testDatabase } from '../../test/environment';
import { atEnd } from '../../test/environment/atEnd';
import { createConnection } from '../connections/connections';
import { connectDatabase } from '../database/database';
import { advancePart, openPart, sumParts } from './runParts';
import { claimRun } from './runs';

let db: Knex;
beforeAll(async () => {
  db = connectDatabase((await testDatabase()).url, { poolSize: 2 });
  atEnd(() => db.destroy());
  await createConnection(db, { id: 'demo', connector: 'acme', settings: {} });
});

test('a scan that begins again, since its staging table was lost, counts all that it has read and written, and stages it once', async () => {
  const claimed = await claimRun(db, {
    ...{ connectionId: 'demo', entity: 'people', strategy: 'reconciliation', trigger: 'api' },
    ...{ dryRun: false, full: false, workflowId: 'w', workflowRunId: 'run-1' },
  });
  if (!('run' in claimed)) throw new Error('the place of the run was not free');
  const name = { runId: claimed.run.id, step: 'scan', partition: '' };
  const scanned = async (round: number, counts: Partial<Counts>) => {
    const { key, resumePoint } = await openPart(db, name, { number: 1, scheduled: round, round });
    expect(resumePoint).toBeNull();
    await db.transaction((trx) =>
      advancePart(trx, key, {
        ...{ resumePoint: { page: 2 }, pages: 1, records: 216, requests: 1, staged: 216, done: true },
        counts: { ...noCounts, ...counts },
      }),
    );
  };
  await scanned(1, { inserted: 216 });
  await scanned(2, { inserted: 10, unchanged: 206 });
  expect(await sumParts(db, claimed.run.id, 'scan')).toMatchObject({
    ...{ pages: 2, records: 432, staged: 216 },
    counts: { inserted: 226, unchanged: 206 },
  });
});
