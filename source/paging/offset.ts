import { z } from 'zod';
import { valueAt } from '../../schema/json';
import { resumed } from './resume';
import type { ListAnswer, ListReader, PagingOf, PagingScheme } from './scheme';
import {
  beginsWith,
  type Continuation,
  continuation,
  extended,
  goesOn,
  mostRecounts,
  mostStepsBack,
  mostWithoutNew,
  movesTooFast,
  type Tail,
  tailText,
} from './seam';

type Reader = ListReader<PagingOf<'offset'>>;

const offsetPoint = z.strictObject({
  scheme: z.literal('offset'),
  position: z.int().min(0),
  full: z.boolean(),
  tail: z.string(),
});

interface Reading extends Continuation {
  readonly answer: ListAnswer;
  /** the position behind the answer's last record */
  readonly reached: number;
}

/**
 * `offset=200&per_page=100`. Each page begins `overlap` records before the end of the one before, which must be there
 * unchanged; otherwise the list has moved and is read again from further back until what is known turns up. Each step
 * is as long as what came, not as what was asked for, so a source that silently caps the page size loses nothing.
 * The end: what the body promises, the total, or a short page, and then the position reached must be the total exactly:
 * both are of the same answer, so this holds however the list moved before.
 */
export const offset: PagingScheme<PagingOf<'offset'>> = {
  async *read(reader, resume) {
    const point = resumed(reader, offsetPoint, resume);
    const size = reader.pageSize ?? reader.paging.pageSize;
    const { overlap } = reader.paging;
    if (size <= overlap) throw reader.broken(`pages of ${size} cannot overlap by ${overlap}`, 'Ask for larger pages');
    let position = point?.position ?? 0;
    let full = point?.full ?? false;
    let tail = tailText.read(point?.tail ?? '');
    let withoutNew = 0;
    let recounts = 0;
    for (;;) {
      const reading = await readOn(reader, position, tail, size);
      const { answer, fresh, reached } = reading;
      const came = answer.records.length;
      full ||= came >= size;
      const promised = promisesMore(reader, answer);
      const more = goesOn(answer, { reached, promised, short: came < size, full });
      if (contradictory(answer, reached, more)) {
        if (recounts >= mostRecounts) {
          throw reader.broken(
            `the list ${more === 'no' ? 'ends' : 'goes on'} after ${reached} records, but its own total is ${answer.total}`,
            'Nothing is concluded from a list that contradicts itself; check the paths of `total` and `more`',
          );
        }
        recounts += 1;
        continue;
      }
      recounts = 0;
      // after the overlap there was nothing: the end, since the source would have sent more
      const ended = more === 'no' || (more === 'unknown' && fresh.length === 0);
      withoutNew = fresh.length === 0 ? withoutNew + 1 : 0;
      if (!ended && (came === 0 || withoutNew >= mostWithoutNew)) {
        throw reader.broken(
          came === 0
            ? `the page from position ${reached} on is empty, but more is promised`
            : `${withoutNew} pages in a row brought nothing new, but more is promised`,
          `Check that the source honours '${reader.paging.param}' and '${reader.paging.sizeParam}'`,
        );
      }
      position = reached;
      tail = reading.tail;
      const next = ended ? null : { scheme: 'offset', position, full, tail: tailText.write(tail) };
      if (ended || fresh.length > 0) yield { answer, records: fresh, next };
      if (ended) return;
    }
  },
};

/** Reads from `position` on, with what lies before it as proof that nothing slipped over the seam. */
async function readOn(reader: Reader, position: number, tail: Tail, size: number): Promise<Reading> {
  const { param, sizeParam, overlap } = reader.paging;
  const ask = (from: number) => reader.ask({ [param]: String(from), [sizeParam]: String(size) });
  if (tail.length === 0) {
    const answer = await ask(position);
    const fresh = answer.records;
    return { answer, fresh, tail: extended(reader, tail, fresh), reached: position + fresh.length };
  }
  let back = Math.min(overlap, tail.length);
  for (let steps = 0; steps <= mostStepsBack; steps += 1) {
    const from = Math.max(0, position - back);
    const answer = await ask(from);
    const reached = from + answer.records.length;
    if (steps === 0 && beginsWith(reader, tail, back, answer.records)) {
      const fresh = answer.records.slice(back);
      return { answer, fresh, tail: extended(reader, tail, fresh), reached };
    }
    const found = continuation(reader, tail, answer.records);
    if (found) return { answer, ...found, reached };
    if (from === 0) break;
    // first to where the whole tail was, then by pages
    back = steps === 0 ? Math.max(tail.length, Math.floor(size / 2)) : back * 2;
  }
  throw movesTooFast(reader);
}

function promisesMore(reader: Reader, answer: ListAnswer): boolean | undefined {
  const { more } = reader.paging;
  if (more === undefined) return undefined;
  const value = valueAt(answer.body, more);
  return value !== undefined && value !== null && value !== false && value !== '';
}

/** The position reached and the total are of one answer: at the end they are equal, before it the total is larger. */
function contradictory(answer: ListAnswer, reached: number, more: 'yes' | 'no' | 'unknown'): boolean {
  if (answer.total === undefined) return false;
  return more === 'no' ? reached !== answer.total : reached >= answer.total;
}
