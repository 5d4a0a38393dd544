import { z } from 'zod';
import type { ResumePoint } from '../../schema/definition/listings/listing';
import type { ListingEnd, OwnPage } from '../../schema/definition/listings/ownRequests';
import type { Json } from '../../schema/json/json';
import { CycleFinder, cyclePoint } from './proof/cycle';
import { ended, type ListEnd } from './proof/end';
import { resumed } from './resume';
import type { ListAnswer, ListedPage, ListReader, PagingOf, PagingScheme } from './scheme';

type Reader = ListReader<PagingOf<'function'>>;

/** Longer ones would weigh more than a page. */
const longestNext = 65_536;
/** A function that goes on like this does not come to an end. */
const emptyPagesAtMost = 1_000;
/** What is assumed where nothing is known of a function. */
const recordsInPage = 100;

const point = z.strictObject({ scheme: z.literal('function'), next: z.string(), read: z.int().min(0), ...cyclePoint });

interface Page {
  readonly answer: ListAnswer;
  readonly records: readonly unknown[];
  /** undefined where the function names none */
  readonly next: Json | undefined;
}

/** A function of the definition reads the list, and says where it ends. */
export const ownFunction: PagingScheme<PagingOf<'function'>> = {
  asksItself: true,
  firstPage: () => ({}),
  pagesFor: (_, records) => Math.max(1, Math.ceil(records / recordsInPage)),
  sized: () => undefined,
  promises: () => undefined,
  sortedBy: () => undefined,
  read: readByFunction,
};

async function* readByFunction(
  reader: Reader,
  resume: ResumePoint | null,
): AsyncGenerator<ListedPage, void, undefined> {
  const from = resumed(reader, point, resume);
  const cycle = new CycleFinder(from);
  const own = reader.own();
  const ends = new WeakSet<ListingEnd>();
  const end = (proof: ListingEnd = {}): ListingEnd => {
    const marked = { ...proof };
    ends.add(marked);
    return marked;
  };
  const pages = reader.paging.read({
    ...own.context,
    next: from === null ? null : (JSON.parse(from.next) as Json),
    end,
  });
  let read = from?.read ?? 0;
  let emptyInRow = 0;
  let waiting: Page | undefined;
  try {
    for (;;) {
      // what a request has thrown counts, whatever the function made of it
      const step = await pages.next().catch((error: unknown) => {
        own.settle();
        throw own.thrown(error);
      });
      own.settle();
      if (step.done) {
        if (waiting === undefined)
          throw reader.broken(
            'its function ended without a page',
            'Yield an empty page with the response that shows that there is nothing',
          );
        yield { ...waiting, next: null, end: endOf(reader, ends, step.value, read) };
        return;
      }
      const page = pageOf(reader, step.value);
      if (waiting !== undefined) yield { ...waiting, next: pointAfter(reader, cycle, waiting, read), end: null };
      read += page.records.length;
      emptyInRow = page.records.length === 0 ? emptyInRow + 1 : 0;
      if (emptyInRow > emptyPagesAtMost)
        throw reader.broken(
          `its function yielded ${emptyPagesAtMost} empty pages in a row`,
          'Correct where the function ends',
        );
      waiting = page;
    }
  } finally {
    await pages.return(undefined).catch(() => undefined);
  }
}

function pageOf(reader: Reader, yielded: OwnPage): Page {
  const { records, from, next } = yielded ?? {};
  const todo = 'Yield { records, from: [response], next }';
  if (!Array.isArray(records)) throw reader.broken('its function yielded no list of records', todo);
  const answers = Array.isArray(from) ? from.map((response) => reader.own().answerOf(response)) : [];
  if (answers.length === 0)
    throw reader.broken('its function yielded records without the responses that they came in', todo);
  const known = answers.filter((answer) => answer !== undefined);
  const last = known.at(-1);
  if (last === undefined || known.length < answers.length)
    throw reader.broken('its function yielded a response that `request` did not return', todo);
  if (next !== undefined && (JSON.stringify(next) ?? '').length > longestNext)
    throw reader.broken(`its function yielded a \`next\` of more than ${longestNext} characters`, todo);
  const instants = known.flatMap(({ sourceSent }) => sourceSent ?? []);
  return {
    records,
    next: next === undefined ? undefined : JSON.parse(JSON.stringify(next)),
    answer: {
      ...{ body: last.body, headers: last.headers, url: last.url, records, total: undefined, refused: false },
      sent: Math.min(...known.map(({ sent }) => sent)),
      received: Math.max(...known.map(({ received }) => received)),
      bytes: known.reduce((sum, { bytes }) => sum + bytes, 0),
      sourceSent: instants.length === 0 ? null : Math.min(...instants),
      sentAs: (record) =>
        known.reduce<ReturnType<ListAnswer['sentAs']>>((found, one) => found ?? one.sentAs(record), undefined),
    },
  };
}

function pointAfter(reader: Reader, cycle: CycleFinder, { next }: Page, read: number): ResumePoint {
  if (next === undefined || next === null)
    throw reader.broken(
      'its function yielded a page without `next` and went on',
      'Name with every page but the last where a further run goes on',
    );
  const text = JSON.stringify(next);
  if (cycle.isBack(text))
    throw reader.broken(
      'its function goes round in a circle: it yielded a `next` that it had yielded before',
      'Correct the function',
    );
  return { scheme: 'function', next: text, read, ...cycle.point };
}

function endOf(reader: Reader, ends: WeakSet<ListingEnd>, value: ListingEnd | undefined, read: number): ListEnd {
  if (value === undefined) return ended('absence');
  if (typeof value !== 'object' || value === null || !ends.has(value))
    throw reader.broken('its function returned something else than end()', 'Return end(), end({ total }) or nothing');
  if (value.total === undefined) return ended('sign');
  if (value.total !== read)
    throw reader.broken(
      `${read} records were read, but the list's own total is ${value.total}`,
      'The list may have moved; the next run reads it again',
    );
  return ended('total');
}
