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

type Reader = ListReader<PagingOf<'page'>>;

const pagePoint = z.strictObject({
  scheme: z.literal('page'),
  page: z.int().min(0),
  size: z.int().min(1),
  full: z.boolean(),
  tail: z.string(),
});

interface Reading extends Continuation {
  readonly answer: ListAnswer;
  /** counted from 0, whatever the source calls its first page */
  readonly page: number;
}

/**
 * `page=3&pageSize=100`. Pages can't overlap, so after each one the record before it is asked for alone
 * (`pageSize=1`): when it is still the last one known, nothing slipped over the seam between the two pages. Otherwise what is
 * known is looked for in the page itself and then in earlier ones. A first page shorter than asked shows a silent
 * cap: the size it came in is asked for from then on, so that page numbers mean the same to both sides. The size never
 * changes within a listing, and stands in the resume point.
 */
export const page: PagingScheme<PagingOf<'page'>> = {
  async *read(reader, resume) {
    const point = resumed(reader, pagePoint, resume);
    let size = point?.size ?? reader.pageSize ?? reader.paging.pageSize;
    let number = point?.page ?? 0;
    let full = point?.full ?? false;
    let tail = tailText.read(point?.tail ?? '');
    let withoutNew = 0;
    let recounts = 0;
    for (;;) {
      const reading = await readPage(reader, number, tail, size);
      const { answer, fresh } = reading;
      const came = answer.records.length;
      full ||= came >= size;
      const reached = reading.page * size + came;
      const more = goesOn(answer, { reached, promised: promisesMore(reader, answer), short: came < size, full });
      const shortInside = came < size && more === 'yes' && reading.page > 0;
      const contradicts = answer.total !== undefined && more === 'no' && reached !== answer.total;
      if (shortInside || contradicts) {
        if (recounts >= mostRecounts) throw contradiction(reader, answer, reading.page, reached);
        recounts += 1;
        continue;
      }
      recounts = 0;
      withoutNew = fresh.length === 0 ? withoutNew + 1 : 0;
      const ended = more === 'no';
      if (!ended && (came === 0 || withoutNew >= mostWithoutNew)) {
        throw reader.broken(
          came === 0
            ? 'the first page is empty, but more is promised'
            : `${withoutNew} pages in a row brought nothing new`,
          `Check that the source honours '${reader.paging.param}' and '${reader.paging.sizeParam}'`,
        );
      }
      if (came < size && !ended) {
        size = came;
        full = true;
      }
      number = reading.page + 1;
      tail = reading.tail;
      const next = ended ? null : { scheme: 'page', page: number, size, full, tail: tailText.write(tail) };
      if (ended || fresh.length > 0) yield { answer, records: fresh, next };
      if (ended) return;
    }
  },
};

/** Reads a page and proves that it continues what is known; where it doesn't, an earlier one that does. */
async function readPage(reader: Reader, number: number, tail: Tail, size: number): Promise<Reading> {
  const answer = await askFor(reader, number, size);
  if (reader.paging.stable || tail.length === 0 || (await seamHolds(reader, number * size, tail))) {
    const fresh = answer.records;
    return { answer, page: number, fresh, tail: extended(reader, tail, fresh) };
  }
  const found = continuation(reader, tail, answer.records);
  if (found) return { answer, page: number, ...found };
  const earliest = Math.max(0, number - mostStepsBack);
  for (let earlier = number - 1; earlier >= earliest; earlier -= 1) {
    const again = await askFor(reader, earlier, size);
    const known = continuation(reader, tail, again.records);
    if (known) return { answer: again, page: earlier, ...known };
  }
  throw movesTooFast(reader);
}

async function askFor(reader: Reader, number: number, size: number): Promise<ListAnswer> {
  const { param, sizeParam, firstPage } = reader.paging;
  const answer = await reader.ask({ [param]: String(firstPage + number), [sizeParam]: String(size) });
  if (answer.records.length > size) {
    throw reader.broken(
      `${answer.records.length} records came, but ${size} were asked for`,
      `Check that the source honours '${sizeParam}': page numbers mean nothing without it`,
    );
  }
  return answer;
}

/** Whether the record before this position is still the last one known. */
async function seamHolds(reader: Reader, position: number, tail: Tail): Promise<boolean> {
  const { records } = await askFor(reader, position - 1, 1);
  return beginsWith(reader, tail, 1, records);
}

function promisesMore(reader: Reader, answer: ListAnswer): boolean | undefined {
  const { more } = reader.paging;
  if (more === undefined) return undefined;
  const value = valueAt(answer.body, more);
  return value !== undefined && value !== null && value !== false && value !== '';
}

function contradiction(reader: Reader, answer: ListAnswer, number: number, reached: number): Error {
  return reader.broken(
    answer.records.length > 0 && (answer.total === undefined || reached < answer.total)
      ? `page ${number + reader.paging.firstPage} holds only ${answer.records.length} records, but more is promised`
      : `the list ends after ${reached} records, but its own total is ${answer.total}`,
    'Nothing is concluded from a list that contradicts itself; check the paths of `total` and `more`',
  );
}
