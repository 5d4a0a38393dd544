import { planningCenter } from '../../connectors/planning-center/connector';
import { forgetRecord } from '../../destination/cleanup/forgetRecord';
import type { Connector, ConnectorEntity } from '../../schema/definition/connector';
import { rollupsOf } from '../../schema/definition/rollupMistakes';
import { rollup } from '../../schema/definition/rollups';
import { workflowNames } from '../../schema/workflows';
import { connectionId, startChurch } from '../support/engine';
import { quick } from '../support/quick';

function churchWith(sql: string): Connector {
  const church = quick(planningCenter);
  const daily = rollup.parse({
    name: 'daily_gifts',
    inputs: { donations: { days: ['received_at'] } },
    sql,
  });
  return { ...church, rollups: rollupsOf(church.name, [daily], [...church.entities.values()]).rollups };
}

test('every minute the sweep computes the days that runs, webhooks and an operator who erases a record have changed', async () => {
  const church = churchWith('select count(*) as gifts, sum(amount_cents) as cents from donations');
  const { engine, control } = await startChurch({ people: 5, donations: 30 }, {}, church);
  const { db } = engine;
  const sweep = async () => (await engine.start(workflowNames.sweep, {})).result();
  const figures = async () =>
    (await db.raw('select day, gifts, cents::text from planning_center_daily_gifts order by day')).rows;
  const ofRows = async () => {
    const { rows } = await db.raw(
      `select (received_at at time zone 'UTC')::date as day, count(*) as gifts, sum(amount_cents)::text as cents
       from planning_center_donations where deleted_at is null group by 1 order by 1`,
    );
    return rows;
  };
  await engine.delta('donations');
  await sweep();
  expect((await ofRows()).length).toBeGreaterThan(0);
  expect(await figures()).toEqual(await ofRows());

  const [first, second] = [...control.all('donations')];
  if (first === undefined || second === undefined) throw new Error('the source has no donations');
  control.delete('donations', first.id);
  await engine.record('donations', first.id);
  const donations = church.entities.get('donations') as ConnectorEntity;
  await forgetRecord(db, connectionId, donations, second.id, { actor: 'test', reason: 'asked for' });
  await sweep();
  const left = await figures();
  expect(left).toEqual(await ofRows());
  expect(left.reduce((sum: number, { gifts }: { gifts: number }) => sum + gifts, 0)).toBe(28);
});

test('a worker does not start with a roll-up whose SQL PostgreSQL refuses, and names the path', async () => {
  const { engine } = await startChurch({ people: 1 });
  const starting = (sql: string) => engine.startWorker({ connectors: [churchWith(sql)] });
  const at = 'planning_center.rollups.daily_gifts.sql';
  const refusals = [
    ['select count(*) as gifts from donation', `${at}: PostgreSQL refuses it: relation "donation" does not exist`],
    ['select sum(amounts) as cents from donations', `${at}: PostgreSQL refuses it: column "amounts" does not exist`],
    ['select count(*) as n from tidemark.runs', `${at}: reads tidemark.runs, which is no input`],
    ['select 1 as day from donations', `${at}: the table has a column 'day' already`],
    ['select avg(amount_cents::float8) as mean from donations', `${at}: column 'mean' is double precision`],
    ['select 1); drop table tidemark.runs; --', `${at}: PostgreSQL refuses it`],
  ] as const;
  for (const [sql, message] of refusals) await expect(starting(sql)).rejects.toThrow(message);
});
