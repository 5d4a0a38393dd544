import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { TidemarkError } from '../../schema/errors';
import type { Decision } from '../audit';
import { audit } from '../audit';
import { rememberForgotten } from '../rows/forgotten';
import { tableName } from '../rows/format/rowFormat';
import { lockEntity } from '../rows/lockEntity';
import { tableExists } from '../rows/tables';

/** What was erased of one record. */
export interface Erased {
  /** rows of the entity's table: 1 or 0 */
  readonly rows: number;
  readonly setAside: number;
  /** webhook events about it, with their bodies */
  readonly events: number;
  /** events about other records that came in the same deliveries: their bodies were emptied */
  readonly sharedDeliveries: number;
  /** entries of the trace of answers */
  readonly answers: number;
  /** its places in plans of reconciliations, from which samples are shown */
  readonly planItems: number;
  /** imported files that were kept still: any line of them may be about anybody */
  readonly files: number;
  /** audits of what was done about it before, from which its id was taken */
  readonly audits: number;
}

/**
 * Erases one record from everything that the engine keeps: its row with `raw`, set-aside payloads, webhook bodies, the trace of answers, plans, and files of its entity that were imported.
 * The audit notes that a record was erased and why, not which: neither its id nor a hash of it. Waits for the writer that
 * is at work; answers that are under way are not written (`withoutForgotten`), for which its id is kept a day longer. Throws TidemarkError 'NotFound' where nothing is kept of it, 'Usage' without a reason.
 */
export async function forgetRecord(
  db: Knex,
  connectionId: string,
  entity: ConnectorEntity,
  id: string,
  by: Decision,
): Promise<Erased> {
  return db.transaction(async (tx) => {
    await lockEntity(tx, { connectionId, entity });
    const erase = async (sql: string, values: readonly string[]) => (await tx.raw(sql, [...values])).rowCount ?? 0;
    const ofRecord = 'connection_id = ? and entity = ? and external_id = ?';
    const record = [connectionId, entity.name, id];
    const rows = (await tableExists(tx, entity))
      ? await erase(`delete from ${tableName(entity)} where connection_id = ? and external_id = ?`, [connectionId, id])
      : 0;
    const setAside = await erase(`delete from tidemark.set_aside where ${ofRecord}`, record);
    const sharedDeliveries = await erase(
      `update tidemark.inbox set body = ''
       where connection_id = ? and not (entity is not distinct from ? and external_id is not distinct from ?)
         and body in (select body from tidemark.inbox where ${ofRecord})`,
      [...record, ...record],
    );
    const events = await erase(`delete from tidemark.inbox where ${ofRecord}`, record);
    await erase(`delete from tidemark.inbox_pauses where ${ofRecord}`, record);
    await erase(`delete from tidemark.owed where ${ofRecord}`, record);
    await erase(`delete from tidemark.shown_records where ${ofRecord}`, record);
    await erase(`delete from tidemark.touches where ${ofRecord}`, record);
    await erase(`delete from tidemark.withheld_related where ${ofRecord}`, record);
    const answers = await erase(`delete from tidemark.answers where ${ofRecord}`, record);
    const planItems = await erase(
      `delete from tidemark.plan_items i using tidemark.plans p
       where p.id = i.plan_id and p.connection_id = ? and p.entity = ? and i.external_id = ?`,
      record,
    );
    await erase(
      `delete from tidemark.import_changes c using tidemark.imports i
       where i.id = c.import_id and i.connection_id = ? and i.entity = ? and c.external_id = ?`,
      record,
    );
    const ofImports = `(select id from tidemark.imports where connection_id = ? and entity = ?)`;
    await erase(`delete from tidemark.import_errors where import_id in ${ofImports}`, [connectionId, entity.name]);
    const files = await erase(
      `with dropped as (delete from tidemark.import_chunks where import_id in ${ofImports} returning import_id)
       update tidemark.imports i set ended_at = coalesce(ended_at, clock_timestamp())
       from (select distinct import_id from dropped) d where i.id = d.import_id`,
      [connectionId, entity.name],
    );
    const audits = await erase(
      `update tidemark.audit set details = details - 'recordId'
       where connection_id = ? and entity = ? and details ->> 'recordId' = ?`,
      record,
    );
    const erased = { rows, setAside, events, sharedDeliveries, answers, planItems, files, audits };
    if (Object.values(erased).every((count) => count === 0)) {
      throw new TidemarkError(
        'NotFound',
        `Nothing is kept of this record of ${connectionId}/${entity.name}: is the id the one that the source uses?`,
      );
    }
    await rememberForgotten(tx, connectionId, entity.name, id);
    await audit(tx, { ...by, action: 'forget', connectionId, entity: entity.name, details: { ...erased } });
    return erased;
  });
}

/** Records of an entity that are set aside without a readable key: any of them may be about anybody. */
export async function keylessSetAside(db: Knex, connectionId: string, entity: string): Promise<number> {
  const { rows } = await db.raw(
    `select count(*)::int as found from tidemark.set_aside where connection_id = ? and entity = ? and external_id is null`,
    [connectionId, entity],
  );
  return rows[0].found;
}
