import { z } from 'zod';
import type { Column } from './columns';
import { type ComparedAs, comparedAs } from './comparedAs';

const column = z.string().min(1).max(63);

/**
 * Two columns that have the same value.
 * @example
 * { column: 'phone', equals: 'mobile', as: { lastDigits: 10 } }
 */
export const matched = z.strictObject({
  /** A column of this entity's row. */
  column,
  /** The column of the other row that is compared with it. Default: the same name. */
  equals: column.optional(),
  /** How the two are compared. */
  as: comparedAs,
});

const match = z.array(matched).min(1);

/**
 * Rows of another entity of the connector.
 * @example
 * { entity: 'reports', match: [{ column: 'phone', as: { lastDigits: 10 } }] }
 */
export const byEntity = z.strictObject({
  /** The name of another entity of the connector. */
  entity: z.string().min(1),
  /** What both rows must have in common, all of it. */
  match,
});

/**
 * Rows of a table or view that is not the engine's. Make an index on the columns that are compared.
 * @example
 * { table: 'crm.blocked', connection: 'workspace', deletedAt: 'removed_at', id: 'number', match: [{ column: 'phone' }] }
 */
export const byTable = z.strictObject({
  /** A table or view of your own, with its schema, such as `crm.blocked`. */
  table: z.string().regex(/^[^.]+\.[^.]+$/, { error: 'must be written with its schema, such as crm.blocked' }),
  /** The column in which each row names its connection. Without it, a row counts for every connection. */
  connection: column.optional(),
  /** The column that is not null in rows which are deleted. Without it, every row counts. */
  deletedAt: column.optional(),
  /** The column that `tidemark explain` shows of a row. */
  id: column.optional(),
  /** What both rows must have in common, all of it. */
  match,
});

/**
 * Which rows of another table exclude a record, such as a lead that has become a report: as long as a live row of the same connection has
 * the same values in the columns that `match` names, the record has no live row. It is tested whenever the record is written, and both ways
 * by each reconciliation, so that the row comes back once nothing excludes it. Many that become excluded at once wait for an operator. Each
 * item of the list excludes by itself.
 * @example
 * [{ entity: 'reports', match: [{ column: 'phone', as: { lastDigits: 10 } }, { column: 'kind', equals: 'lead_kind' }] }]
 */
export const excludedBy = z.array(z.union([byEntity, byTable])).min(1);
export type ExcludedBy = z.output<typeof excludedBy>;

/** One way in which records of an entity are excluded, with the table that does it. */
export interface Exclusion<Of = unknown> {
  /** as the definition names it: an entity, or a table with its schema */
  readonly by: string;
  /** the entity whose rows exclude; undefined: a table that is not the engine's */
  readonly of: Of | undefined;
  readonly schema: string;
  readonly table: string;
  /** the column that names the connection of a row; undefined: it counts for all */
  readonly connection: string | undefined;
  readonly deletedAt: string | undefined;
  readonly id: string | undefined;
  readonly match: readonly MatchedColumns[];
}

export interface MatchedColumns {
  readonly own: string;
  readonly other: string;
  readonly as: ComparedAs;
}

/** What is wrong with the field by itself, with the path of each mistake. */
export function excludedByMistakes(where: string, exclusions: ExcludedBy, columns: readonly Column[]): string[] {
  return exclusions.flatMap((one, at) =>
    one.match.flatMap(({ column, as }, place) => {
      const path = `${where}.excludedBy.${at}.match.${place}.column`;
      const type = columns.find(({ name }) => name === column)?.type;
      if (type === undefined) return [`${path}: there is no column '${column}' in row`];
      return as !== 'exact' && type !== 'text' ? [`${path}: only text is compared so, but '${column}' is ${type}`] : [];
    }),
  );
}

interface Excludable {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly excludedBy: ExcludedBy | undefined;
}

/** What is wrong with the fields of a connector's entities together, with the path of each mistake. */
export function exclusionMistakes(where: string, entities: readonly Excludable[]): string[] {
  const byName = new Map(entities.map((entity) => [entity.name, entity]));
  return entities.flatMap((entity) =>
    (entity.excludedBy ?? []).flatMap((one, at) => {
      if (!('entity' in one)) return [];
      const path = `${where}.entities.${entity.name}.excludedBy.${at}`;
      const other = byName.get(one.entity);
      if (other === undefined)
        return [`${path}.entity: there is no entity '${one.entity}'; it may be ${[...byName.keys()].join(', ')}`];
      const found: string[] = [];
      if (leadsBack(entity.name, other, byName))
        found.push(`${path}.entity: records of '${one.entity}' are excluded by ${entity.name} in turn`);
      for (const [place, { column, equals = column }] of one.match.entries()) {
        const own = entity.columns.find(({ name }) => name === column);
        const its = other.columns.find(({ name }) => name === equals);
        const name = `${path}.match.${place}.equals`;
        if (its === undefined) found.push(`${name}: the row of '${one.entity}' has no column ${equals}`);
        else if (own !== undefined && own.type !== its.type)
          found.push(`${name}: '${column}' is ${own.type}, but '${equals}' of '${one.entity}' is ${its.type}`);
      }
      return found;
    }),
  );
}

/** Whether an entity, or one that excludes its records, is excluded by the entity of this name, or is it. */
function leadsBack(name: string, from: Excludable, byName: ReadonlyMap<string, Excludable>): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.name === name) return true;
    if (seen.has(next.name)) continue;
    seen.add(next.name);
    for (const one of next.excludedBy ?? []) {
      const other = 'entity' in one ? byName.get(one.entity) : undefined;
      if (other !== undefined) open.push(other);
    }
  }
  return false;
}

/** The exclusions of an entity with their tables; undefined where it has none. */
export function exclusionsOf<Of extends { readonly table: string }>(
  declared: ExcludedBy | undefined,
  entityNamed: (name: string) => Of | undefined,
): readonly Exclusion<Of>[] | undefined {
  return declared?.flatMap((one): Exclusion<Of>[] => {
    const match = one.match.map(({ column: own, equals = own, as }) => ({ own, other: equals, as }));
    if ('table' in one) {
      const [schema = '', table = ''] = one.table.split('.');
      const { connection, deletedAt, id } = one;
      return [{ by: one.table, of: undefined, schema, table, connection, deletedAt, id, match }];
    }
    const of = entityNamed(one.entity);
    if (of === undefined) return [];
    const columns = { connection: 'connection_id', deletedAt: 'deleted_at', id: 'external_id' };
    return [{ by: one.entity, of, schema: 'public', table: of.table, ...columns, match }];
  });
}
