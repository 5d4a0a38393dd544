import type { Knex } from 'knex';
import { zooTable } from './definition';
import type { Refusal } from './world';

/** The database of a zoo, which can be made to fail. It is asked under a name of its own, so that its own sessions stay. */
export interface FailingDatabase {
  /** Ends all sessions that are in a transaction, whoever's they are. */
  loseConnections(): Promise<void>;
  /** Refuses what is written for a connection for a while. */
  refuseBatches(connectionId: string, code: Refusal): Promise<void>;
  /** A trigger of the user's refuses this record from now on. */
  refuseRecord(connectionId: string, id: string): Promise<void>;
}

export const oracleName = 'zoo-oracle';
const refusedForMs = 400;

/** The table must be there. `db` connects as `oracleName`. */
export async function failingDatabase(db: Knex): Promise<FailingDatabase> {
  await db.raw(/* sql */ `
    create table zoo_refusals (connection_id text not null, external_id text, code text not null, until timestamptz not null);
    create function zoo_refuse() returns trigger language plpgsql as $$
    declare code text;
    begin
      select r.code into code from zoo_refusals r
      where r.connection_id = new.connection_id and (r.external_id is null or r.external_id = new.external_id)
        and r.until > clock_timestamp() limit 1;
      if code is not null then raise exception 'the zoo refuses this' using errcode = code; end if;
      return new;
    end $$;
    create trigger zoo_refuse before insert or update on ${zooTable} for each row execute function zoo_refuse();`);
  const refuse = (connectionId: string, id: string | null, code: string, until: string) =>
    db.raw(
      `insert into zoo_refusals (connection_id, external_id, code, until) values (?, ?, ?, clock_timestamp() + ?::interval)`,
      [connectionId, id, code, until],
    );
  return {
    async loseConnections() {
      await db.raw(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and xact_start is not null and application_name <> ?`,
        [oracleName],
      );
    },
    async refuseBatches(connectionId, code) {
      await refuse(connectionId, null, code, `${refusedForMs} milliseconds`);
    },
    async refuseRecord(connectionId, id) {
      await refuse(connectionId, id, 'P0001', '1 day');
    },
  };
}
