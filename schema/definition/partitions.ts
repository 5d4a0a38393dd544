import { z } from 'zod';
import type { JsonObject } from '../json/json';
import { placeholdersIn } from './placeholders';

/**
 * Partitions that are records of another entity, such as the boards whose items are listed board by board. The engine takes the live rows of
 * that entity once all of its records have been read, and keeps the list for as long as the run takes. A parent whose list cannot be read
 * (404, 403, not served) stops no other, and none of its records is deleted for it.
 * @example
 * { from: 'boards', fields: ['region'] }
 */
export const partitionsFrom = z.strictObject({
  /** The name of another entity of the connector. `{partition}` is the id of each of its records in turn. */
  from: z.string().min(1),
  /** Columns of that entity's row that `map` needs, in `partition.fields`, or that requests need, as `{partition.region}`. */
  fields: z.array(z.string().min(1)).default([]),
});
export type PartitionsFrom = z.infer<typeof partitionsFrom>;

/** The record of another entity in whose list a record is. */
export interface ParentPartition {
  /** The id of that record: what `{partition}` stands for. */
  readonly id: string;
  /** The columns of its row that `partitions.fields` names. */
  readonly fields: Readonly<JsonObject>;
}

/** Where the partitions of an entity are: in the table of another. */
export interface Parents {
  readonly entity: string;
  readonly table: string;
  /** columns of that table */
  readonly fields: readonly string[];
}

export function isFrom(partitions: unknown): partitions is PartitionsFrom {
  return typeof partitions === 'object' && partitions !== null && 'from' in partitions;
}

/** What stands for placeholders in the requests of a partition: its id, and each of its fields. */
export function partitionFilling(partition: string, parent: ParentPartition | undefined): Record<string, unknown> {
  const fields = Object.entries(parent?.fields ?? {}).map(([name, value]) => [`partition.${name}`, value]);
  return { partition, ...Object.fromEntries(fields) };
}

/** Of an entity, what its partitions depend on. */
interface Child {
  readonly name: string;
  readonly partitions: unknown;
  readonly columns: readonly { readonly name: string }[];
  readonly duplicates?: { readonly keep: string } | undefined;
  readonly related?: object | undefined;
  readonly listings: { readonly all: Parameters<typeof placeholdersIn>[0] };
}

/** What is wrong with partitions that are records of another entity, one line each with its path. */
export function parentMistakes(where: string, entities: readonly Child[]): string[] {
  const byName = new Map(entities.map((entity) => [entity.name, entity]));
  return entities.flatMap((entity) => {
    if (!isFrom(entity.partitions)) return [];
    const at = `${where}.entities.${entity.name}.partitions`;
    const { from, fields } = entity.partitions;
    const parent = byName.get(from);
    if (parent === undefined)
      return [`${at}.from: there is no entity '${from}'; it may be ${[...byName.keys()].join(', ')}`];
    const found: string[] = [];
    if (leadsBack(entity.name, parent, byName)) found.push(`${at}.from: '${from}' depends on ${entity.name} itself`);
    for (const field of fields) {
      if (!parent.columns.some(({ name }) => name === field))
        found.push(`${at}.fields: the row of '${from}' has no column ${field}`);
    }
    if (!placeholdersIn(entity.listings.all).some(([, name]) => name.split('.')[0] === 'partition'))
      found.push(
        `${where}.entities.${entity.name}.listings.all: must contain {partition}, or every parent lists the same`,
      );
    if (entity.duplicates !== undefined && entity.duplicates.keep !== 'newest')
      found.push(
        `${where}.entities.${entity.name}.duplicates.keep: '${entity.duplicates.keep}' needs an order, which partitions from another entity do not have; keep 'newest'`,
      );
    if (entity.related !== undefined)
      found.push(
        `${at}.from: an entity with \`related\` cannot take its partitions from another entity. Write them as a list or a function, or make the related records an entity of their own with \`partitions: { from: '${entity.name}' }\``,
      );
    return found;
  });
}

function leadsBack(name: string, parent: Child, byName: ReadonlyMap<string, Child>): boolean {
  const seen = new Set<string>();
  for (let at: Child | undefined = parent; at !== undefined && !seen.has(at.name); ) {
    if (at.name === name) return true;
    seen.add(at.name);
    at = isFrom(at.partitions) ? byName.get(at.partitions.from) : undefined;
  }
  return false;
}
