import type { Reference } from '../../../schema/definition/references';
import type { Marking } from '../marks/marking';
import { keyHash, normalised, referenceName } from './keys';

const marks = 'insert into tidemark.reference_marks';

/** Marks the rows that refer, where what they refer by has changed. Deleted ones are resolved too, so that they are right once they are live again. */
export function referringMarking(reference: Reference): Marking {
  const name = `'${referenceName(reference)}'`;
  const some = reference.by.map(({ mine, normalise }) => `${normalised('n', mine, normalise)} is not null`);
  return {
    columns: reference.by.map(({ mine }) => mine),
    dead: true,
    append: (changed) =>
      changed === undefined
        ? `${marks} (reference) values (${name});`
        : `${marks} (reference, connection_id, external_id)
    select distinct ${name}, n.connection_id, n.external_id from ${changed} n where ${some.join(' or ')};`,
  };
}

/** Marks the keys of the rows that are referred to, as they were and as they are. */
export function referredMarking(reference: Reference): Marking {
  const name = `'${referenceName(reference)}'`;
  const keys = reference.by.map(
    ({ theirs, normalise }, index) => `(${index}::smallint, ${keyHash('n', theirs, normalise)})`,
  );
  return {
    columns: reference.by.map(({ theirs }) => theirs),
    dead: false,
    append: (changed) =>
      changed === undefined
        ? `${marks} (reference) values (${name});`
        : `${marks} (reference, connection_id, key_of, key)
    select distinct ${name}, n.connection_id, k.key_of, k.key
    from ${changed} n cross join lateral (values ${keys.join(', ')}) k(key_of, key) where k.key is not null;`,
  };
}
