import type { Knex } from 'knex';
import type { ResourceObject } from '../../connectors/planning-center/simulator';
import { quote } from '../../destination/database/identifiers';
import { readRecord } from '../../source/record/readRecord';
import { connectionId, type EntityName, entityOf } from './setting';
import type { SourceWorld } from './sourceWorld';

export interface Compared {
  readonly rows: number;
  /** what differs, in words; empty when the table equals the source */
  readonly differences: readonly string[];
}

const context = { connection: { id: connectionId, settings: {}, timeZone: 'UTC' } };

/** Compares the source with the live rows, record by record and column by column, while neither changes. */
export async function compareRows(db: Knex, world: SourceWorld, name: EntityName): Promise<Compared> {
  const entity = entityOf(name);
  const { rows } = await db.raw(
    `select external_id as id, to_jsonb(t) as content from ${quote(entity.table)} t where connection_id = ? and deleted_at is null`,
    [connectionId],
  );
  const stored = new Map<string, Record<string, unknown>>(
    rows.map(({ id, content }: { id: string; content: Record<string, unknown> }) => [id, content]),
  );
  const differences: string[] = [];
  let records = 0;
  for await (const record of world.all(name)) {
    records += 1;
    const row = stored.get(record.id);
    stored.delete(record.id);
    if (row === undefined) differences.push(`${name} ${record.id} is live at the source and has no live row`);
    else differences.push(...columnsThatDiffer(name, record, row));
  }
  for (const id of stored.keys()) differences.push(`${name} ${id} has a live row and is not at the source`);
  return { rows: records, differences };
}

function columnsThatDiffer(name: EntityName, record: ResourceObject, stored: Record<string, unknown>): string[] {
  const read = readRecord(entityOf(name), record, context);
  if (read.kind !== 'live') return [`${name} ${record.id} cannot be read: ${read.kind}`];
  const expected = { ...read.row, source_updated_at: record.attributes.updated_at };
  return Object.entries(expected).flatMap(([column, value]) => {
    const found = stored[column];
    const instant = column.endsWith('_at') && value !== null && value !== undefined;
    const same = instant ? Date.parse(String(found)) === Date.parse(String(value)) : found === value;
    return same
      ? []
      : [`${name} ${record.id}: ${column} is ${JSON.stringify(found)}, at the source ${JSON.stringify(value)}`];
  });
}
