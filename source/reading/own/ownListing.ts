import type { TidemarkError } from '../../../schema/errors';
import type { OwnListing } from '../../paging';
import type { RecordPlace } from '../../wire/body/spans';
import type { Addressed } from '../../wire/question';
import { ask } from '../../wire/send';
import type { Source } from '../../wire/source';
import { declaredError } from '../listAnswer';
import { forbidden, noContent, type ReadList, refuseExpired, refuseUnread, wordsOf } from '../readList';
import { ownRequests, thrownBy } from './ownRequests';

interface Around {
  readonly first: Addressed;
  readonly place: RecordPlace;
  readonly broken: (problem: string, todo?: string) => TidemarkError;
  readonly count: { requests: number };
  /** statuses that say something of the list as a whole */
  readonly verdicts: () => ReadonlySet<number>;
  readonly onAnswer: (url: URL) => void;
}

/** What a function that reads a list may do: ask as the listing declares it, and whatever else it needs of the same source. */
export function ownListing(
  source: Source,
  list: ReadList,
  { first, place, broken, count, verdicts, onAnswer }: Around,
): OwnListing {
  const { about, signal, partition, parent = null, filter, asked, listing } = list;
  const { sender, connection } = source;
  const own = ownRequests({
    ...{ first, place, broken, base: source.base },
    ask: async (request, statuses) => {
      const answers = new Set([...statuses, ...verdicts()]);
      const question = { ...request, about, signal, forbidden, statuses: answers, empty: noContent };
      const answer = await ask(sender, question, () => {
        count.requests += 1;
      });
      onAnswer(answer.url);
      if (statuses.includes(answer.status)) return answer;
      refuseExpired(source, list, answer);
      refuseUnread(list, answer.status, broken);
      if (answer.status >= 400) throw broken(`answered ${answer.status}`);
      const error = declaredError(answer.body, listing.error);
      if (error === undefined) return answer;
      throw broken(`answered ${answer.status} with an error: ${wordsOf(error, answer.body, sender.reporter)}`);
    },
  });
  return {
    context: {
      ...{ request: own.request, partition, parent, connection, signal },
      since: filter?.text ?? null,
      until: filter?.range?.until ?? null,
      token: asked?.token ?? null,
    },
    answerOf: own.answerOf,
    settle: own.settle,
    thrown: (error) => thrownBy(error, signal, broken),
  };
}
