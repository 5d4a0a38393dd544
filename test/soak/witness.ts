import type { Knex } from 'knex';
import { quote } from '../../destination/database/identifiers';
import { ensureTable } from '../../destination/rows/tables';
import { type EntityName, entityNames, entityOf } from './setting';
import type { SourceWorld } from './sourceWorld';

/** Has PostgreSQL itself write down each soft delete and each step of a cursor backwards, whoever does it and whatever heals it later. */
export async function installWitness(db: Knex): Promise<void> {
  await db.raw(/* sql */ `
    create schema soak;
    create table soak.deletions (entity text not null, id text not null, at timestamptz not null default clock_timestamp());
    create table soak.cursor_steps (entity text not null, before timestamptz, after timestamptz);
    create function soak.note_deletion() returns trigger language plpgsql as $$
      begin insert into soak.deletions (entity, id) values (tg_argv[0], new.external_id); return new; end $$;
    create function soak.note_cursor() returns trigger language plpgsql as $$
      begin
        if tg_op = 'DELETE' or new.at < old.at then insert into soak.cursor_steps values (old.entity, old.at, new.at); end if;
        return null;
      end $$;
    create trigger soak after update or delete on tidemark.cursors for each row
      execute function soak.note_cursor()`);
  for (const name of entityNames) {
    const entity = entityOf(name);
    await ensureTable(db, entity);
    await db.raw(`create trigger soak after update on ${quote(entity.table)} for each row
      when (old.deleted_at is null and new.deleted_at is not null) execute function soak.note_deletion('${name}')`);
  }
}

/** An answer that a killed attempt had fetched may be written so much later, and reads lag behind by half a second. */
const oldestAnswerMs = 120_000;

export interface Witnessed {
  readonly deletions: number;
  /** soft deletes of records that no answer of the source can have called gone */
  readonly falseDeletions: readonly string[];
  readonly cursorSteps: number;
}

export async function askWitness(db: Knex, world: SourceWorld): Promise<Witnessed> {
  const { rows } = await db.raw('select entity, id, at from soak.deletions order by at');
  const deletions: { entity: EntityName; id: string; at: Date }[] = rows;
  const steps = await db.raw('select count(*)::int as count from soak.cursor_steps');
  return {
    deletions: deletions.length,
    falseDeletions: deletions
      .filter(({ entity, id, at }) => !world.wasAbsent(entity, id, at.getTime(), oldestAnswerMs))
      .map(({ entity, id, at }) => `${entity} ${id} at ${at.toISOString()}`),
    cursorSteps: steps.rows[0].count,
  };
}
