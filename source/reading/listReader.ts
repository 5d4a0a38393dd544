import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Listing, ListingName } from '../../schema/definition/listings/listing';
import type { Paging } from '../../schema/definition/listings/paging';
import { messageOf, TidemarkError } from '../../schema/errors';
import type { ListOptions } from '../contract';
import { type ListAnswer, type ListReader, type OwnListing, schemeOf } from '../paging';
import { identityOf, markOf, markOfPage } from '../record/mark';
import { pageLink } from '../wire/address';
import { ask, shown, withoutKey } from '../wire/send';
import type { Source } from '../wire/source';
import { olderThan } from './filter/filter';
import { declaredError, type Listed, listIn } from './listAnswer';
import { declaredListing, type Filter, listRequest, withParams } from './listRequest';
import { newHeaders } from './newHeaders';
import { NotThisList } from './notThisList';
import { ownListing } from './own/ownListing';
import {
  forbidden,
  noChanges,
  noContent,
  noSuchPage,
  type ReadList,
  refuseExpired,
  refuseUnread,
  statusesOf,
  wordsOf,
} from './readList';
import { shapeOf } from './shape';
import { signOf } from './signs';

const nothingTaken = 'Nothing in it was used';

/** A listing ready to be read by its paging scheme. */
export interface OpenListing {
  readonly reader: ListReader<Paging>;
  /** what a `changes` listing is filtered by */
  readonly filter: Filter | undefined;
  /** requests sent since it was last set to 0 */
  readonly count: { requests: number };
}

/** Puts a listing's requests together. `until`: the end of the range of a report, as it is sent. Throws Usage where definition, settings and call don't fit each other. */
export function openListing(
  source: Source,
  entity: ConnectorEntity,
  name: ListingName,
  options: ListOptions,
  until?: string,
): OpenListing {
  const about = { entity: entity.name, what: `listing '${name}'` };
  const declared = declaredListing(source, entity, name, options, about);
  const { filter } = declared;
  const count = { requests: 0 };
  const list: ReadList = {
    ...declared,
    about,
    name,
    ...{ partition: options.partition, parent: options.parent, signal: options.signal, pageSize: options.pageSize },
    ...{ resumed: options.resumePoint != null, until },
    identity: (record) => identityOf(entity, record),
    changedSince: (records, instant) => {
      const { older, readable } = olderThan(entity, records, instant);
      return readable - older;
    },
  };
  return { reader: listReader(source, list, count), filter, count };
}

/** The reader of a list, which adds the requests that it sends to `count`. Throws Usage. */
export function listReader(source: Source, list: ReadList, count: { requests: number }): ListReader<Paging> {
  const { listing, about, name, changedSince } = list;
  const { sender } = source;
  const { reporter, authorizer } = sender;
  const first = listRequest(source, listing, list, about);
  const { method } = first;
  const place = { path: listing.records, list: true };
  let last = first.url;
  let answered = list.resumed;
  const broken = (problem: string, todo = nothingTaken) =>
    reporter.error('ContractBroken', about, `${method} ${shown(sender, last)}: ${problem}`, todo);
  let own: OwnListing | undefined;
  return {
    own: () => {
      own ??= ownListing(source, list, {
        ...{ first, place, broken, count },
        verdicts: () => statusesOf(list, { behind: false, first: !answered }),
        onAnswer: (url) => {
          last = url;
          answered = true;
        },
      });
      return own;
    },
    paging: listing.paging,
    pageSize: list.pageSize ?? schemeOf(listing.paging).sized(listing.paging)?.size,
    counted: listing.total !== undefined,
    atOnce: sender.concurrency,
    broken,
    sign: signOf(
      JSON.stringify([first.url.origin, first.url.pathname, sender.lane, about.entity, name, listing.paging]),
    ),
    regard: (answer) => {
      last = answer.url;
    },
    ask: async (query, { link, behind = false } = {}): Promise<ListAnswer> => {
      const request = withParams(listing, link ? { ...first, url: new URL(link) } : first, query);
      if (request.url.origin !== first.url.origin) {
        throw broken(
          `the resume point leads to ${request.url.origin}`,
          'The setting baseUrl has changed since; start a new run',
        );
      }
      last = request.url;
      const unchanged = name === 'changes' && !answered;
      const question = {
        ...{ ...request, about, signal: list.signal, forbidden, place },
        statuses: statusesOf(list, { behind, first: !answered }),
        empty: unchanged ? noChanges : noContent,
      };
      const answer = await ask(sender, question, () => {
        count.requests += 1;
      });
      refuseExpired(source, list, answer);
      if (!behind) refuseUnread(list, answer.status, broken);
      if (!behind && answer.status >= 400) throw broken(`answered ${answer.status}`);
      const refused = noSuchPage.has(answer.status);
      if (refused || noChanges.has(answer.status)) {
        if (!refused && name !== 'changes' && listing.total !== undefined)
          throw broken(`answered ${answer.status}, without the declared total`);
        answered = true;
        return { ...answer, records: [], total: undefined, refused };
      }
      const error = declaredError(answer.body, listing.error);
      if (error !== undefined) {
        throw broken(`answered ${answer.status} with an error: ${wordsOf(error, answer.body, reporter)}`);
      }
      const { records, total, table } = contents(listing, answer, !answered, broken);
      answered = true;
      if (table && listing.tabular?.others) newHeaders(source, about, table.unknown);
      const sentAs = table ? table.sentAs(answer.sentAs) : answer.sentAs;
      return { ...answer, records, total, sentAs, refused: false };
    },
    attempt: async (asking) => {
      try {
        return await asking();
      } catch (error) {
        if (error instanceof TidemarkError && error.recovery === 'contract') return undefined;
        throw error;
      }
    },
    mark: (record) => markOf(list.identity(record)),
    markOfPage: (records) => markOfPage(records, list.identity),
    changedSince,
    link: (answer, text) => {
      const { paging } = listing;
      const url = pageLink(answer.url, text, 'followAt' in paging && paging.followAt !== undefined);
      if (!url) {
        const leadsTo = URL.canParse(text, answer.url.href) ? new URL(text, answer.url).origin : 'no address';
        throw broken(
          `the link to the next page leads to ${leadsTo}`,
          "Secrets are not sent to another host; if the API has moved, change the setting baseUrl; if the source is behind a proxy, set followAt: 'baseUrl'",
        );
      }
      return withoutKey(authorizer, url);
    },
    unusable: (point, detail) =>
      reporter.error(
        'Usage',
        about,
        `its resume point (${String(point.scheme)}) does not fit: ${detail}`,
        'The definition has changed since; start a new run',
      ),
  };
}

function contents(
  listing: Listing,
  answer: Pick<ListAnswer, 'body' | 'headers'>,
  totalIsDue: boolean,
  broken: ListReader<Paging>['broken'],
): Listed {
  try {
    return listIn(listing, answer, totalIsDue);
  } catch (error) {
    if (!(error instanceof NotThisList)) throw error;
    throw broken(`${messageOf(error)}: ${shapeOf(answer.body)}`);
  }
}
