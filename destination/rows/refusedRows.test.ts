import type { Knex } from 'knex';
import { z } from 'zod';
import type { Answers, GoneAnswer } from '../../schema/answer';
import { databaseOf, writtenEntity } from '../../test/support/writtenEntity';
import { listSetAside } from '../setAside/setAsideEntries';
import { type WriteResult, writeAnswers } from './writeAnswers';

/** The user's own triggers, policies and constraints on the engine's tables. */
const entity = writtenEntity('staff', z.object({ name: z.string(), price: z.number().nullable() }));
const context = { connectionId: 'c', entity, confirming: false, readLagMs: 1000, writtenBy: 'run 1' };
const start = Date.parse('2026-01-01T00:00:00Z');

let db: Knex;
beforeEach(async () => {
  db = await databaseOf(entity);
});
afterEach(() => db.destroy());

/** Writes records with these names, whose ids are 1, 2, 3 …; `gone`: ids of records that are gone. */
function write(names: readonly string[], gone: readonly string[] = [], seconds = 0): Promise<WriteResult> {
  const answers: Answers = {
    sent: start + seconds * 1000,
    received: start + seconds * 1000 + 500,
    live: names.map((name, index) => {
      const id = String(index + 1);
      return { id, version: null, row: { name, price: null }, raw: { id, name } };
    }),
    gone: gone.map((id): GoneAnswer => ({ id, version: null })),
    setAside: [],
  };
  return writeAnswers(db, context, [answers], { runId: null });
}

const live = async () =>
  (await db('x_staff').whereNull('deleted_at').orderBy('external_id')).map(
    ({ external_id: id, name }) => `${id} ${name}`,
  );
const aside = async () =>
  (await listSetAside(db)).map(({ recordId, reason, detail }) => ({ recordId, reason, detail }));

async function raising(condition: string, sqlstate = 'P0001'): Promise<void> {
  await db.raw(`
    create function public.refuse() returns trigger language plpgsql as $f$ begin
      if ${condition} then raise exception 'the row - says the trigger - is on the list' using errcode = '${sqlstate}'; end if;
      return new;
    end $f$;
    create trigger refuse before insert or update on public.x_staff for each row execute function public.refuse()`);
}

test.each(['P0001', '23514', '42501', '22023', 'ZZ999', 'XX000'])(
  'a trigger that refuses one row with SQLSTATE %s has it set aside, with its own words, and the others land',
  async (sqlstate) => {
    await raising(`new.name = 'refused'`, sqlstate);
    const { counts } = await write(['a', 'refused', 'c']);
    expect(counts).toMatchObject({ inserted: 2, errors: 1 });
    expect(await live()).toEqual(['1 a', '3 c']);
    expect(await aside()).toEqual([
      {
        recordId: '2',
        reason: /^(22|XX)/.test(sqlstate) ? 'invalid' : 'conflict',
        detail: 'PostgreSQL refused the row: the row - says the trigger - is on the list',
      },
    ]);
  },
);

test('one record alone that a trigger refuses is set aside: the next delta must not meet it forever', async () => {
  await raising(`new.name = 'refused'`);
  expect((await write(['refused'])).counts).toMatchObject({ inserted: 0, errors: 1 });
});

test('a constraint that is checked at the commit refuses its row alone', async () => {
  await db.raw(`create table public.names (name text primary key); insert into public.names values ('a'), ('c');
    alter table public.x_staff add foreign key (name) references public.names deferrable initially deferred`);
  expect((await write(['a', 'b', 'c'])).counts).toMatchObject({ inserted: 2, errors: 1 });
  expect(await live()).toEqual(['1 a', '3 c']);
  expect(await aside()).toMatchObject([
    { recordId: '2', reason: 'conflict', detail: expect.stringContaining('foreign key') },
  ]);
});

test('a policy refuses one row, for a role that is subject to it', async () => {
  await db.raw(`alter table public.x_staff enable row level security; alter table public.x_staff force row level security;
    create policy nobody_refused on public.x_staff using (true) with check (name <> 'refused')`);
  const { rows } = await db.raw(
    'select current_user as owner, rolsuper as super from pg_roles where rolname = current_user',
  );
  expect(rows[0].super).toBe(true);
  // a superuser is subject to no policy: a role of its own is
  await db.raw(`do $$ begin create role subject_of_policies; exception when duplicate_object then null; end $$;
    grant usage on schema tidemark to subject_of_policies; grant all on all tables in schema tidemark to subject_of_policies;
    grant all on public.x_staff to subject_of_policies`);
  try {
    const { counts } = await db.transaction(async (trx) => {
      await trx.raw('set local role subject_of_policies');
      return writeAnswers(trx, context, [answersOf(['a', 'refused', 'c'])], { runId: null });
    });
    expect(counts).toMatchObject({ inserted: 2, errors: 1 });
    expect(await aside()).toMatchObject([
      { recordId: '2', detail: expect.stringContaining('row-level security policy') },
    ]);
  } finally {
    await db.raw('drop owned by subject_of_policies');
  }
});

function answersOf(names: readonly string[]): Answers {
  const rows = names.map((name, index) => ({
    id: String(index + 1),
    version: null,
    row: { name, price: null },
    raw: {},
  }));
  return { sent: start, received: start + 500, live: rows, gone: [], setAside: [] };
}

test('a deletion that a trigger refuses is set aside, and the row stays live', async () => {
  await write(['a', 'b', 'c']);
  await raising(`new.deleted_at is not null and new.name = 'b'`);
  const { counts, deleted, refusedRows } = await write([], ['1', '2', '3'], 60);
  expect(counts).toMatchObject({ deleted: 2, errors: 1 });
  expect(deleted).toEqual(['1', '3']);
  expect([...refusedRows.keys()]).toEqual(['2']);
  expect(await live()).toEqual(['2 b']);
  expect(await aside()).toMatchObject([{ recordId: '2', detail: expect.stringContaining('refused the deletion') }]);
});

test('a trigger that refuses every row fails the batch with its words: nothing is set aside, nothing written', async () => {
  await raising('true');
  const failure = await write(Array.from({ length: 12 }, (_, index) => `n${index}`)).catch((error) => error);
  expect(failure).toMatchObject({ type: 'DestinationIncompatible' });
  expect(failure.message).toMatch(
    /^PostgreSQL refuses every row \(12 of 12, SQLSTATE P0001\): the row - says the trigger/,
  );
  expect(await aside()).toEqual([]);
});

test('a missing right fails the batch, however few its rows', async () => {
  await raising('true', '42501');
  expect(await write(['a', 'b']).catch((error) => error)).toMatchObject({
    type: 'DestinationIncompatible',
    message: expect.stringContaining('SQLSTATE 42501'),
  });
});

test('a page of which no value fits is set aside as a whole', async () => {
  await raising('true', '22023');
  const names = Array.from({ length: 12 }, (_, index) => `n${index}`);
  expect((await write(names)).counts).toMatchObject({ inserted: 0, errors: 12 });
});
