import { ended } from './proof/end';
import type { PagingOf, PagingScheme } from './scheme';

/** One answer holds everything; a declared total must be exactly what came. */
export const none: PagingScheme<PagingOf<'none'>> = {
  firstPage: () => ({}),
  pagesFor: () => 1,
  sized: () => undefined,
  promises: () => false,
  sortedBy: () => undefined,
  async *read(reader, resume) {
    if (resume !== null) throw reader.unusable(resume, 'this listing has one page only');
    const answer = await reader.ask({});
    if (answer.total !== undefined && answer.total !== answer.records.length) {
      throw reader.broken(
        `${answer.records.length} records came, but the list's own total is ${answer.total}`,
        'It has more than one page: declare its paging',
      );
    }
    const end = ended(answer.total === undefined ? 'one-answer' : 'total');
    yield { answer, records: answer.records, next: null, end };
  },
};
