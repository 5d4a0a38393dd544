import { aMinuteLater, failureOf, lastRun, people } from '../invariants/support';
import { type Engine, startChurch } from '../support/engine';

/** Found by the soak: PostgreSQL crashed during each of a reconciliation's scans, and its workflow stayed open for ever. */
let engine: Engine;

beforeAll(async () => {
  ({ engine } = await startChurch({ people: 150 }));
  await engine.delta('people');
  await aMinuteLater(engine);
  // staging tables are unlogged: this empties each as a crash would
  await engine.db.raw(/* sql */ `
    create function lose() returns trigger language plpgsql as $$ begin return null; end $$;
    create function lose_staging() returns event_trigger language plpgsql as $$
      declare made record;
      begin
        for made in select object_identity as name from pg_event_trigger_ddl_commands() loop
          if made.name like 'tidemark.scan%' then
            execute format('create trigger lose before insert on %s for each row execute function lose()', made.name);
          end if;
        end loop;
      end $$;
    create event trigger lose_staging on ddl_command_end when tag in ('CREATE TABLE') execute function lose_staging()`);
});

test('a staging table that is lost again and again ends the run and its workflow, and deletes nothing', async () => {
  expect(await failureOf(engine.reconcile('people'))).toBe('DestinationUnavailable');
  expect(await lastRun(engine)).toMatchObject({ status: 'failed', errorType: 'DestinationUnavailable' });
  expect((await engine.rows(people)).size).toBe(150);
});

test('and the next run goes on', async () => {
  await engine.db.raw('drop event trigger lose_staging');
  expect(await engine.reconcile('people')).toMatchObject({ outcome: 'succeeded', scanned: 150, deleted: 0 });
});
