import { setImmediate } from 'node:timers/promises';
import { type EncodedAnswers, encodeAnswers } from '../destination/rows/encodedRows';
import type { GoneAnswer, LiveAnswer, SetAsideAnswer } from '../schema/answer';
import type { SourcePage } from '../source/contract';
import { readRecord } from '../source/record/readRecord';
import type { OpenTarget } from './openTarget';
import type { CountedPage } from './pageProgress';

/**
 * Makes something of each page as it comes, so that this too is done while the former ones are being written, and of its
 * records keeps no more than how many they were. The source is asked for the next page before this one is looked at.
 */
export async function* eachWith<Made extends object>(
  pages: AsyncIterable<SourcePage>,
  make: (page: SourcePage) => Made,
): AsyncGenerator<CountedPage & Made> {
  const iterator = pages[Symbol.asyncIterator]();
  try {
    for (let coming = iterator.next(); ; ) {
      const { done, value: page } = await coming;
      if (done) return;
      coming = iterator.next();
      // its failure is told when its turn has come
      coming.catch(() => undefined);
      // the request goes out first
      await setImmediate();
      yield { ...page, records: page.records.length, ...make(page) };
    }
  } finally {
    await iterator.return?.();
  }
}

/** Turns a page of records into answers: live (made ready to be written), gone (tombstones), or set aside. */
export function interpretPage({ entity, mapContext }: OpenTarget, page: SourcePage): EncodedAnswers {
  const live: LiveAnswer[] = [];
  const gone: GoneAnswer[] = [];
  const setAside: SetAsideAnswer[] = [];
  for (const raw of page.records) {
    const answer = readRecord(entity, raw, mapContext);
    if (answer.kind === 'live') live.push(answer);
    else if (answer.kind === 'gone') gone.push(answer);
    else setAside.push(answer);
  }
  return encodeAnswers(entity, { sent: page.sent, received: page.received, live, gone, setAside });
}
