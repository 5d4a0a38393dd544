import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceError } from '@temporalio/client';
import { agreeWithDatabase } from '../../clients/schedules/agreeWithDatabase';
import { keyRing, saveSecrets } from '../../destination/connections/secrets';
import { TidemarkError } from '../../schema/errors';
import type { Bench, Goal } from '../bench';
import { benchConnector, connectorName, entityName } from '../connector';
import { type Engine, encryptionKey } from '../engine';
import { seconds as inSeconds, type Row, row } from '../row';

const entities = 3;

/** A thousand connections with three entities each, a delta of each every five minutes: all on this machine. */
export const schedules: Goal = {
  numbers: [11],
  about: 'a thousand connections',
  async measure(bench): Promise<Row[]> {
    const connections = bench.quick ? 20 : 1_000;
    const watchMs = bench.quick ? 20_000 : 75_000;
    const everySeconds = bench.quick ? 20 : 300;
    const connector = { entities, deltaEvery: `${everySeconds}s` };
    return bench.withEngine({ source: { records: 10 }, connector }, async (engine) => {
      const idle = await idleDelta(bench, engine);
      bench.say(`${connections} connections`);
      await addConnections(engine, connections);
      await agreeWithDatabase(engine.db, bench.client, [benchConnector(connector)], { taskQueue: engine.taskQueue });
      bench.say(`${connections * entities} schedules, watched for ${watchMs / 1_000} s`);
      const since = new Date();
      const before = await engine.usage();
      await sleep(watchMs);
      const after = await engine.usage();
      const ran = await runsSince(engine, since);
      const kept = await keptSchedules(bench, since);
      if (ran === 0) throw new Error('no schedule has fired');
      const expected = (connections * entities * watchMs) / (everySeconds * 1_000);
      await patiently(() =>
        agreeWithDatabase(engine.db, bench.client, [], { taskQueue: engine.taskQueue, concurrency: 8 }),
      );
      return [
        row(
          11,
          'delta without changes: processor time of the engine',
          { ours: `${idle.toFixed(1)} ms`, ratio: idle },
          { atMost: 25, unit: ' ms' },
        ),
        row(
          11,
          `${connections} connections × ${entities} entities every ${everySeconds} s, ${watchMs / 1_000} s of it: runs skipped`,
          {
            ours: `${kept.skipped} skipped, ${ran} ran`,
            reference: `${expected.toFixed(0)} are due on average`,
            ratio: kept.skipped,
          },
          { atMost: 0 },
        ),
        row(
          11,
          '… latest start after its time (no goal was set: at most the time to the next)',
          { ours: inSeconds(kept.latestMs), ratio: kept.latestMs / 1_000 },
          { atMost: everySeconds, unit: ' s' },
        ),
        row(
          11,
          "… the worker's processor time for each run, of one core",
          {
            ours: `${((after.cpuMs - before.cpuMs) / ran).toFixed(1)} ms, ${(((after.cpuMs - before.cpuMs) / watchMs) * 100).toFixed(0)} % of a core`,
            ratio: (after.cpuMs - before.cpuMs) / ran,
          },
          { atMost: 25, unit: ' ms' },
        ),
      ];
    });
  },
};

/** Processor time of the worker for a delta that finds nothing. */
async function idleDelta(bench: Bench, engine: Engine): Promise<number> {
  const times = bench.quick ? 20 : 200;
  bench.say(`${times} deltas without changes`);
  for (let warm = 0; warm < 20; warm++) await engine.delta();
  const before = await engine.usage();
  for (let round = 0; round < times; round++) await engine.delta();
  return ((await engine.usage()).cpuMs - before.cpuMs) / times;
}

/** Connections that have been synced before, so that their deltas ask for changes. */
async function addConnections({ db, source }: Engine, count: number): Promise<void> {
  await db.raw(
    `insert into tidemark.connections (id, connector, settings, time_zone)
     select 'tenant' || i, ?, ?::jsonb, 'UTC' from generate_series(1, ?::int) i`,
    [connectorName, JSON.stringify({ baseUrl: source.ready.url }), count],
  );
  const names = Array.from({ length: entities }, (_, index) => (index === 0 ? entityName : `${entityName}_${index}`));
  await db.raw(
    `with known as (insert into tidemark.entities (connection_id, entity) select c.id, e from tidemark.connections c, unnest(cast(:names as text[])) e where c.id like 'tenant%')
     insert into tidemark.cursors (connection_id, entity, at)
     select c.id, e, now() from tidemark.connections c, unnest(cast(:names as text[])) e where c.id like 'tenant%'`,
    { names },
  );
  const ring = keyRing(encryptionKey);
  for (let tenant = 1; tenant <= count; tenant++) {
    await saveSecrets(db, ring, `tenant${tenant}`, { token: 'token', webhook: 'webhook' });
  }
}

async function runsSince({ db }: Engine, since: Date): Promise<number> {
  const { rows } = await db.raw(
    `select count(*) as runs from tidemark.runs where started_at >= ? and status = 'succeeded' and connection_id like 'tenant%'`,
    [since],
  );
  return Number(rows[0].runs);
}

/** Questions to Temporal at once. Few: Temporal wakes the workflow of a schedule to describe it, while thousands of others go on. */
const lanes = 4;

/** As Temporal shows it: runs that were skipped or came too late, and how late the latest was. */
async function keptSchedules({ client }: Bench, since: Date): Promise<{ skipped: number; latestMs: number }> {
  let skipped = 0;
  let latestMs = 0;
  const ids: string[] = [];
  for await (const { scheduleId } of client.schedule.list()) if (scheduleId.includes('/tenant')) ids.push(scheduleId);
  let next = 0;
  const lane = async () => {
    for (let id = ids[next++]; id !== undefined; id = ids[next++]) {
      const { info } = await patiently(() =>
        client.withDeadline(Date.now() + 30_000, () => client.schedule.getHandle(id).describe()),
      );
      skipped += info.numActionsMissedCatchupWindow + info.numActionsSkippedOverlap;
      for (const { scheduledAt, takenAt } of info.recentActions) {
        if (scheduledAt >= since) latestMs = Math.max(latestMs, takenAt.getTime() - scheduledAt.getTime());
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return { skipped, latestMs };
}

/** Tries again for two minutes while Temporal has too much to do: what is measured has happened by then. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const until = performance.now() + 120_000;
  for (let pauseMs = 250; ; pauseMs = Math.min(5_000, 2 * pauseMs)) {
    try {
      return await ask();
    } catch (error) {
      const busy =
        error instanceof ServiceError || (error instanceof TidemarkError && error.type === 'TemporalUnavailable');
      if (!busy || performance.now() > until) throw error;
    }
    await sleep(pauseMs);
  }
}
