import { setImmediate } from 'node:timers/promises';
import { type EncodedAnswers, encodeAnswers } from '../destination/rows/encodedRows';
import type { SourcePage } from '../source/contract';
import type { OpenTarget } from './openTarget';
import { type CountedPage, countedPage } from './pageProgress';

/**
 * Makes something of each page as it comes, so that this too is done while the former ones are being written, and of its
 * records keeps no more than how many they were. The source is asked for the next page before this one is looked at.
 */
export async function* eachWith<Made extends object>(
  pages: AsyncIterable<SourcePage>,
  make: (page: SourcePage) => Promise<Made>,
): AsyncGenerator<CountedPage & Made> {
  const iterator = pages[Symbol.asyncIterator]();
  try {
    for (let coming = iterator.next(); ; ) {
      const { done, value: page } = await coming;
      if (done) return;
      coming = iterator.next();
      // its failure is reported when its turn has come
      coming.catch(() => undefined);
      // the request goes out first
      await setImmediate();
      yield { ...countedPage(page), ...(await make(page)) };
    }
  } finally {
    await iterator.return?.();
  }
}

/** What a page says, made ready to be written. */
export async function interpretPage({ entity }: OpenTarget, page: SourcePage): Promise<EncodedAnswers[]> {
  const encoded: EncodedAnswers[] = [];
  for await (const answers of page.answers()) encoded.push(encodeAnswers(entity, answers));
  return encoded;
}
