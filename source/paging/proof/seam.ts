import { z } from 'zod';
import type { Paging } from '../../../schema/definition/listings/paging';
import type { ListAnswer, ListReader } from '../scheme';

/**
 * Continuity of lists that are read by position. While a list is being read, a record that leaves an earlier page pulls
 * another one over the seam unseen. What has been read is therefore remembered by the marks (id and version) of its last
 * records: a record that was not changed has not moved against the others that were not changed either, so whatever
 * is behind the last of them *in one answer* is what has not been read yet, wherever the whole has shifted to.
 */
export interface Tail {
  /** the last records read, in the order they were read */
  readonly known: readonly string[];
  /** records that were read before, but from a place that has now moved behind the last known one; they are not handed out twice */
  readonly passed: readonly string[];
}

export const noTail: Tail = { known: [], passed: [] };

/** How many marks are kept: continuity survives the change of all but one of that many neighbours. */
const tailLength = 16;

/** How often a seam may be looked for further and further back. */
export const mostStepsBack = 6;
/** How many answers in a row may bring nothing new before the list counts as unreadable. */
export const mostWithoutNew = 8;
/** A total that contradicts the page it came with may have been counted at another instant: it is requested again at most this often. */
export const mostRecounts = 2;

/** Returns what of an answer is new. */
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
  for (let last = tail.known.length - 1; last >= 0; last -= 1) {
    const index = places.get(tail.known[last] ?? '');
    if (index !== undefined) {
      const known = tail.known.slice(0, last + 1);
      const passed = [...tail.passed, ...tail.known.slice(last + 1)];
      return following(reader, { known, passed }, records.slice(index + 1));
    }
  }
  return undefined;
}

/** What is new among records that stand right behind the last known one. */
export function following(reader: ListReader<Paging>, tail: Tail, records: readonly unknown[]): Continuation {
  const known = [...tail.known, ...records.slice(-tailLength).map((record) => reader.mark(record))].slice(-tailLength);
  if (tail.passed.length === 0) return { fresh: records, tail: { known, passed: [] } };
  const passed = new Set(tail.passed);
  // one that turns up again is behind us for good
  const fresh = records.filter((record) => !passed.delete(reader.mark(record)));
  return { fresh, tail: { known, passed: [...passed].slice(-tailLength) } };
}

/** Whether the answer begins with the last `overlap` known records, unchanged. The usual case, cheaper than `continuation`. */
export function beginsWith(
  reader: ListReader<Paging>,
  tail: Tail,
  overlap: number,
  records: readonly unknown[],
): boolean {
  const expected = tail.known.slice(-overlap);
  return records.length >= overlap && expected.every((mark, index) => reader.mark(records[index]) === mark);
}

/** In a resume point a tail is two strings. */
export const tailPoint = { known: z.string(), passed: z.string() };

const marksIn = (text: string) => (text === '' ? [] : text.split(' '));

export function readTail(point: { readonly known: string; readonly passed: string } | null): Tail {
  return point ? { known: marksIn(point.known), passed: marksIn(point.passed) } : noTail;
}

export function writeTail(tail: Tail): { known: string; passed: string } {
  return { known: tail.known.join(' '), passed: tail.passed.join(' ') };
}

/** The error for a list that cannot be read without gaps. */
export function movesTooFast(reader: ListReader<Paging>): Error {
  return reader.broken(
    'the list moves faster than it can be read: the end of the previous page could not be found again',
    'Nothing is concluded from it; order the listing by something that does not change, or use smaller pages',
  );
}

/**
 * Whether the list goes on after an answer that ends at position `reached`: by what the body promises, by the total, or
 * by the length of the page: shorter than `fullPage`, what was asked for or the largest page before if that was shorter,
 * means the end. Shorter than what was asked for alone may be a silent cap, so a first page says nothing unless it is empty.
 */
export function goesOn(
  answer: ListAnswer,
  ends: { readonly reached: number; readonly promised: boolean | undefined; readonly fullPage: number },
): boolean {
  if (ends.promised !== undefined) return ends.promised;
  if (answer.total !== undefined) return ends.reached < answer.total;
  return answer.records.length > 0 && answer.records.length >= ends.fullPage;
}

/** The position reached and the total are of one answer: at the end they are equal, before it the total is larger. */
export function contradictory(answer: ListAnswer, reached: number, more: boolean): boolean {
  if (answer.total === undefined) return false;
  return more ? reached >= answer.total : reached !== answer.total;
}
