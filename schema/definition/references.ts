import { z } from 'zod';
import type { Column } from './columns';
import { identifier } from './identifier';

/** Types whose text is the same in every session. */
const keyTypes: ReadonlySet<string> = new Set(['text', 'uuid', 'bigint', 'integer', 'smallint', 'numeric']);

/** The column that every row has next to those of `row`. */
const externalId: Column = { name: 'external_id', type: 'text' };

/**
 * A column with the id of the row of another entity that a row belongs to. The engine finds it, and keeps it right whichever of the two rows arrives first
 * and whatever changes. The first element of `by` that finds a row decides; null where none does, or where several rows match.
 * @example
 * {
 *   entity: 'customers',
 *   by: [
 *     { mine: 'customer_id', theirs: 'external_id' },
 *     { mine: 'email', theirs: 'email', normalise: 'email' },
 *   ],
 * }
 */
export const reference = z.strictObject({
  /** The entity that is referred to. Only its live rows of the same connection count. */
  entity: z.string().min(1),
  /** What is compared, in order: ids before e-mail addresses. `mine` and `theirs` name columns of `row`, of text, a whole number or a UUID; `theirs` may be `external_id`, the record's id. `normalise: 'email'` compares without regard to case and surrounding spaces. Empty text matches nothing. */
  by: z
    .array(
      z.strictObject({
        mine: z.string().min(1),
        theirs: z.string().min(1),
        normalise: z.enum(['none', 'email']).default('none'),
      }),
    )
    .min(1),
});
export type ReferenceDefinition = z.infer<typeof reference>;

export const references = z.record(identifier, reference);

/** What an author writes: the reference by the name of its column. */
export type ReferencesInput = z.input<typeof references>;

/** One way to find the row that is referred to. */
export interface ReferenceKey {
  readonly mine: Column;
  readonly theirs: Column;
  readonly normalise: 'none' | 'email';
}

/** A reference as the engine uses it. */
export interface Reference {
  readonly connector: string;
  /** of the row that refers */
  readonly entity: string;
  readonly table: string;
  readonly column: string;
  /** of the row that is referred to */
  readonly toEntity: string;
  readonly toTable: string;
  readonly by: readonly ReferenceKey[];
}

interface EntityWithReferences {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly Column[];
  readonly references?: Readonly<Record<string, ReferenceDefinition>> | undefined;
}

/** The columns that references add to a table. */
export function referenceColumns({ references: declared = {} }: Pick<EntityWithReferences, 'references'>): Column[] {
  return Object.keys(declared).map((name) => ({ name, type: 'text' }));
}

/** The references of a connector with their tables, and the mistakes in them, each with its path. */
export function referencesOf(
  connector: string,
  entities: readonly EntityWithReferences[],
): { readonly references: readonly Reference[]; readonly found: string[] } {
  const found: string[] = [];
  const complete = entities.flatMap((entity) =>
    Object.entries(entity.references ?? {}).flatMap(([column, declared]): Reference[] => {
      const at = `${connector}.entities.${entity.name}.references.${column}`;
      const to = entities.find(({ name }) => name === declared.entity);
      if (to === undefined) {
        found.push(`${at}.entity: there is no entity '${declared.entity}'`);
        return [];
      }
      const by = declared.by.flatMap(({ mine, theirs, normalise }, index): ReferenceKey[] => {
        const ours = keyColumn(`${at}.by.${index}.mine`, mine, entity.columns);
        const other = keyColumn(`${at}.by.${index}.theirs`, theirs, [externalId, ...to.columns]);
        found.push(...[ours, other].flatMap((one) => (typeof one === 'string' ? [one] : [])));
        return typeof ours === 'string' || typeof other === 'string' ? [] : [{ mine: ours, theirs: other, normalise }];
      });
      return [
        {
          ...{ connector, entity: entity.name, table: entity.table, column },
          ...{ toEntity: to.name, toTable: to.table, by },
        },
      ];
    }),
  );
  return { references: complete, found };
}

/** The column, or what is wrong with it. */
function keyColumn(at: string, name: string, columns: readonly Column[]): Column | string {
  const column = columns.find((one) => one.name === name);
  if (column === undefined) return `${at}: there is no column '${name}' in row`;
  if (keyTypes.has(column.type.replace(/\(.*/, ''))) return column;
  return `${at}: column '${name}' is ${column.type}; only text, whole numbers and UUIDs are compared`;
}

/** What is wrong with the names of an entity's references, with the path of each mistake. */
export function referenceNameMistakes(
  where: string,
  declared: Readonly<Record<string, unknown>>,
  taken: (name: string) => boolean,
): string[] {
  return Object.keys(declared).flatMap((name) =>
    taken(name) ? [`${where}.references.${name}: every table, or row, has a column of this name already`] : [],
  );
}
