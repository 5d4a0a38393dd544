import { createHash } from 'node:crypto';
import type { Column } from '../../../schema/definition/columns';
import type { Reference, ReferenceKey } from '../../../schema/definition/references';
import { quote } from '../../database/identifiers';

type Normalise = ReferenceKey['normalise'];

/** SQL: a value as it is compared; null where it matches nothing. */
export function normalised(row: string, { name, type }: Column, normalise: Normalise): string {
  const column = `${row}.${quote(name)}`;
  const text = type.startsWith('numeric') ? `trim_scale(${column})::text` : `${column}::text`;
  return `nullif(${normalise === 'email' ? `lower(btrim(${text}))` : text}, '')`;
}

/** SQL: its hash. Marks and indexes hold no e-mail address, and no text is too long for an index. */
export function keyHash(row: string, column: Column, normalise: Normalise): string {
  return `md5(${normalised(row, column, normalise)}) collate "C"`;
}

/** The id of a row is found by the primary key. */
export function isId({ theirs, normalise }: ReferenceKey): boolean {
  return theirs.name === 'external_id' && normalise === 'none';
}

/** What marks and the state call a reference. */
export function referenceName({ table, column }: Reference): string {
  return `${table}.${column}`;
}

/** SQL of the indexes that find the rows that refer by a key, and those that a key refers to. */
export function keyIndexes(reference: Reference, side: 'mine' | 'theirs'): string[] {
  const table = side === 'mine' ? reference.table : reference.toTable;
  return reference.by.flatMap((key) => {
    if (side === 'theirs' && isId(key)) return [];
    const hash = keyHash(quote(table), key[side], key.normalise);
    const name = `${table}_${createHash('sha256').update(`key ${hash}`).digest('hex').slice(0, 8)}`;
    return [`create index if not exists ${quote(name)} on public.${quote(table)} (connection_id, (${hash}))`];
  });
}
