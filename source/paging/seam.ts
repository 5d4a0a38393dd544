import type { Paging } from '../../schema/listing';
import type { ListAnswer, ListReader } from './scheme';

/**
 * Continuity of lists that are read by position. While a list is being read, a record that leaves an earlier page pulls
 * another one over the seam unseen. What has been read is therefore remembered by the marks (id and version) of its last
 * records: a record that was not changed has not moved against the others that were not changed either, so whatever
 * stands behind the last of them *in one answer* is what has not been read yet, wherever the whole has shifted to.
 */
export type Tail = readonly string[];

/** So many marks are kept: continuity survives the change of all but one of so many neighbours. */
const tailLength = 16;

/** How often a seam may be looked for further and further back. */
export const mostStepsBack = 6;
/** How many answers in a row may bring nothing new before the list counts as unreadable. */
export const mostWithoutNew = 8;
/** A total that contradicts the page it came with may have been counted a moment apart: it is asked for again so often. */
export const mostRecounts = 2;

/** Tells what of an answer is new. */
export interface Continuation {
  readonly fresh: readonly unknown[];
  readonly tail: Tail;
}

/** The answer continues what was read: its records behind the last known one. Undefined when none of the known ones is in it. */
export function continuation(
  reader: ListReader<Paging>,
  tail: Tail,
  records: readonly unknown[],
): Continuation | undefined {
  const places = new Map(records.map((record, index) => [reader.mark(record), index]));
  for (let known = tail.length - 1; known >= 0; known -= 1) {
    const index = places.get(tail[known] ?? '');
    if (index !== undefined) {
      const fresh = records.slice(index + 1);
      return { fresh, tail: extended(reader, tail.slice(0, known + 1), fresh) };
    }
  }
  return undefined;
}

/** Whether the answer begins with the last `overlap` known records, unchanged. The usual case, cheaper than `continuation`. */
export function beginsWith(
  reader: ListReader<Paging>,
  tail: Tail,
  overlap: number,
  records: readonly unknown[],
): boolean {
  const expected = tail.slice(-overlap);
  return records.length >= overlap && expected.every((mark, index) => reader.mark(records[index]) === mark);
}

/** The tail after further records were read. */
export function extended(reader: ListReader<Paging>, tail: Tail, records: readonly unknown[]): Tail {
  return [...tail, ...records.slice(-tailLength).map((record) => reader.mark(record))].slice(-tailLength);
}

/** In a resume point a tail is one string. */
export const tailText = {
  write: (tail: Tail): string => tail.join(' '),
  read: (text: string): Tail => (text === '' ? [] : text.split(' ')),
};

/** The error for a list that cannot be read without gaps. */
export function movesTooFast(reader: ListReader<Paging>): Error {
  return reader.broken(
    'the list moves faster than it can be read: what was read before could not be found again',
    'Nothing is concluded from it; order the listing by something that does not move, or use smaller pages',
  );
}

/**
 * Whether the list goes on after an answer that ends at position `reached`. `full`: an earlier page, or this one, had as
 * many records as were asked for, so that a short page means the end and not a silent cap. 'unknown': only a further
 * request can tell.
 */
export function goesOn(
  answer: ListAnswer,
  ends: {
    readonly reached: number;
    readonly promised: boolean | undefined;
    readonly short: boolean;
    readonly full: boolean;
  },
): 'yes' | 'no' | 'unknown' {
  if (ends.promised !== undefined) return ends.promised ? 'yes' : 'no';
  if (answer.total !== undefined) return ends.reached < answer.total ? 'yes' : 'no';
  if (answer.records.length === 0) return 'no';
  if (!ends.short) return 'yes';
  return ends.full ? 'no' : 'unknown';
}
