import { z } from 'zod';
import { valueAt } from '../../schema/json/json';
import { CycleFinder, cyclePoint } from './proof/cycle';
import { ended } from './proof/end';
import { speaksOfMore, toldAt } from './proof/more';
import { Tally, tallyPoint } from './proof/tally';
import { resumed } from './resume';
import type { ListReader, PagingOf, PagingScheme } from './scheme';
import { pagesIn, sizeOf, sizeQuery } from './sizes';

type Reader = ListReader<PagingOf<'keyset'>>;

const keysetPoint = z.strictObject({
  scheme: z.literal('keyset'),
  after: z.string(),
  mark: z.string(),
  full: z.boolean(),
  last: z.string(),
  came: tallyPoint.came,
  leastTotal: tallyPoint.leastTotal,
  mostTotal: tallyPoint.mostTotal,
  startedAt: tallyPoint.startedAt,
  cameAgain: tallyPoint.cameAgain,
  lap: cyclePoint.lap,
  power: cyclePoint.power,
});

/**
 * The next page begins after the last record's value. It needs no overlap: what has been read cannot move the rest. A
 * source that begins *at* the value instead sends the last record again, which is left out. The value must be unique, since
 * `after` would lose records that tie on it. A short page ends the list only when an earlier one was full or the
 * total has been reached; otherwise it could be a silent cap, and it is asked on until a page is empty. A declared flag decides instead.
 */
export const keyset: PagingScheme<PagingOf<'keyset'>> = {
  firstPage: sizeQuery,
  pagesFor: pagesIn,
  sized: sizeOf,
  promises: ({ more }, answer) => toldAt(answer, more),
  sortedBy: ({ from }) => from,
  async *read(reader, resume) {
    const { param, sizeParam, from, more } = reader.paging;
    const point = resumed(reader, keysetPoint, resume);
    const size = reader.pageSize ?? reader.paging.pageSize;
    const tally = new Tally(reader, point);
    const cycle = new CycleFinder(point);
    const checkParam = `Check that the source honours '${param}' and orders by '${from}'`;
    let after = point?.after;
    let last = point?.last;
    let full = point?.full ?? false;
    for (;;) {
      const answer = await reader.ask({
        [sizeParam]: size,
        ...(after === undefined ? {} : { [param]: after }),
      });
      const came = answer.records.length;
      const doubled = came > 0 && last !== undefined && reader.mark(answer.records[0]) === last;
      const records = doubled ? answer.records.slice(1) : answer.records;
      tally.add(answer, records);
      full ||= came >= size;
      const promised = speaksOfMore(answer, more) || reader.sign.seen ? toldAt(answer, more) : undefined;
      if (promised) reader.sign.note();
      if (promised && records.length === 0) throw reader.broken('the page is empty, but it promises more', checkParam);
      if (
        promised === false ||
        (!promised && (records.length === 0 || (came < size && (full || tally.reached === true))))
      ) {
        const byTotal = tally.close();
        const end = ended(
          byTotal ? 'total' : promised === false ? 'sign' : records.length === 0 ? 'empty-page' : 'short-page',
        );
        yield { answer, records, next: null, end };
        return;
      }
      const value = lastValue(reader, records.at(-1));
      if (records.length > 1 && lastValue(reader, records.at(-2)) === value) {
        throw reader.broken(
          `two records have the same '${from}' (${value})`,
          'Records with equal values would be lost between two pages: page by something unique, such as the id',
        );
      }
      if (value === after || cycle.isBack(value)) {
        throw reader.broken(`'${param}'=${value} has been requested before: the list goes in a circle`, checkParam);
      }
      after = value;
      last = reader.mark(records.at(-1));
      const next = { ...tally.point, ...cycle.point, scheme: 'keyset', after, last, full };
      yield { answer, records, next, end: null };
    }
  },
};

function lastValue(reader: Reader, record: unknown): string {
  const value = valueAt(record, reader.paging.from);
  if ((typeof value === 'string' && value !== '') || typeof value === 'number') return String(value);
  throw reader.broken(
    `the last record has no '${reader.paging.from}', after which the next page would begin`,
    'Check `paging.from`',
  );
}
