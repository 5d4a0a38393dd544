import type { Knex } from 'knex';
import { testDatabase } from '../../test/environment';
import { atEnd } from '../../test/environment/atEnd';
import { createConnection } from '../connections/connections';
import { connectDatabase } from '../database/database';
import { claimRun, endRun, listRuns } from './runs';

let db: Knex;
beforeAll(async () => {
  db = connectDatabase((await testDatabase()).url, { poolSize: 2 });
  atEnd(() => db.destroy());
  await createConnection(db, { id: 'demo', connector: 'acme', settings: {} });
});

test('runs are listed newest first, also from the tenth on', async () => {
  const began: string[] = [];
  for (let number = 1; number <= 11; number++) {
    const claimed = await claimRun(db, {
      connectionId: 'demo',
      entity: 'people',
      strategy: 'delta',
      trigger: 'api',
      dryRun: false,
      full: false,
      workflowId: 'w',
      workflowRunId: `run-${number}`,
    });
    if (!('run' in claimed)) throw new Error('the place of the run was not free');
    began.unshift(claimed.run.id);
    await endRun(db, claimed.run.id, { status: 'succeeded' });
  }
  expect((await listRuns(db, { limit: 5 })).map(({ id }) => id)).toEqual(began.slice(0, 5));
});
