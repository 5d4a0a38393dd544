import { z } from 'zod';
import type { Paging, ResumePoint } from '../../schema/definition/listing';
import { valueAt } from '../../schema/json';
import { CycleFinder, cyclePoint } from './cycle';
import { resumed } from './resume';
import type { ListAnswer, ListedPage, ListReader } from './scheme';
import { Tally, tallyPoint } from './tally';

const chainPoint = z.strictObject({
  scheme: z.string(),
  next: z.string(),
  empty: z.int().min(0),
  ...tallyPoint,
  ...cyclePoint,
});

/** Longer ones would not fit a resume point. */
const longestNext = 8_000;
/** Empty pages in a row that still promise more: some APIs filter after paging, none does so for ever. */
const mostEmptyPages = 1_000;

/**
 * Follows a list in which each page names the next. `ask` fetches the page that a name stands for (undefined: the first).
 * The list ends where a page names no further one and the total, where there is one, agrees.
 */
export async function* followChain(
  reader: ListReader<Paging>,
  resume: ResumePoint | null,
  path: string,
  ask: (next: string | undefined) => Promise<ListAnswer>,
  nameOf: (answer: ListAnswer, next: string) => string,
): AsyncGenerator<ListedPage, void, undefined> {
  const { scheme } = reader.paging;
  const point = resumed(reader, chainPoint.extend({ scheme: z.literal(scheme) }), resume);
  const tally = new Tally(reader, point);
  const cycle = new CycleFinder(point);
  let empty = point?.empty ?? 0;
  let name = point?.next;
  for (;;) {
    const answer = await ask(name);
    tally.add(answer, answer.records);
    const next = readNext(reader, answer, path);
    if (next === undefined) {
      tally.close();
      yield { answer, records: answer.records, next: null };
      return;
    }
    const following = nameOf(answer, next);
    if (following.length > longestNext)
      throw reader.broken(`the token of the next page has ${following.length} characters`);
    if (following === name || cycle.isBack(following)) {
      throw reader.broken(
        'the page that it names as next has been read already: the list goes in a circle',
        'It has not ended, so nothing is concluded from it; report it to the source',
      );
    }
    empty = answer.records.length === 0 ? empty + 1 : 0;
    if (empty > mostEmptyPages) throw reader.broken(`${empty} pages in a row were empty and promised more`);
    name = following;
    const next_: ResumePoint = { scheme, next: following, empty, ...tally.point, ...cycle.point };
    yield { answer, records: answer.records, next: next_ };
  }
}

function readNext(reader: ListReader<Paging>, answer: ListAnswer, path: string): string | undefined {
  const next = valueAt(answer.body, path);
  if (next === undefined || next === null || next === '' || next === false) return undefined;
  if (typeof next === 'string') return next;
  if (typeof next === 'number') return String(next);
  throw reader.broken(`'${path}' should name the next page but is a ${typeof next}`, 'Check the path of `next`');
}
