import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Listing, ListingName, Paging, Since } from '../../schema/definition/listing';
import { messageOf } from '../../schema/errors';
import { preview } from '../../schema/preview';
import type { ListOptions } from '../contract';
import { type ListAnswer, type ListReader, schemeOf } from '../paging';
import { markOf } from '../record/mark';
import { sameOrigin } from '../wire/address';
import { addressed } from '../wire/question';
import type { About } from '../wire/report';
import { ask, shown, withoutKey } from '../wire/send';
import type { Source } from '../wire/source';
import { type FilterValue, filterValue } from './cursorForm';
import { olderThan } from './filter';
import { declaredError, listIn, NotThisList } from './listAnswer';
import { shapeOf } from './shape';

const nothingTaken = 'Nothing in it was used';

/** A listing ready to be read by its paging scheme. */
export interface OpenListing {
  readonly reader: ListReader<Paging>;
  /** what a `changes` listing is filtered by */
  readonly filter: Filter | undefined;
  /** requests sent since it was last set to 0 */
  readonly count: { requests: number };
}

/** Puts a listing's requests together. Throws Usage where definition, settings and call don't fit each other. */
export function openListing(
  source: Source,
  entity: ConnectorEntity,
  name: ListingName,
  options: ListOptions,
): OpenListing {
  const about = { entity: entity.name, what: `listing '${name}'` };
  const { listing, filter } = declared(source, entity, name, options, about);
  const count = { requests: 0 };
  return { reader: listReader(source, entity, listing, filter, options, about, count), filter, count };
}

/** What a `changes` listing is filtered by. */
export interface Filter extends FilterValue {
  readonly param: string;
  readonly form: Since['form'];
}

/** The listing's definition and the filter to send. Throws Usage where they don't fit the call. */
function declared(
  source: Source,
  entity: ConnectorEntity,
  name: ListingName,
  options: ListOptions,
  about: About,
): { listing: Listing; filter: Filter | undefined } {
  const usage = (problem: string, todo: string) => source.sender.reporter.error('Usage', about, problem, todo);
  const listing = entity.listings[name];
  if (!listing) throw usage('the entity has no such listing', `Add \`listings.${name}\` to its definition`);
  if ((name === 'changes') !== (options.since !== undefined)) {
    throw usage(
      name === 'changes' ? 'it was requested without a cursor' : 'it was requested with a cursor',
      'Only `changes` takes a cursor, and always',
    );
  }
  const changes = entity.listings.changes;
  if (name !== 'changes' || !changes || !options.since) return { listing, filter: undefined };
  return {
    listing,
    filter: { ...filterValue(changes.since, options.since), param: changes.since.param, form: changes.since.form },
  };
}

function listReader(
  source: Source,
  entity: ConnectorEntity,
  listing: Listing,
  filter: Filter | undefined,
  options: ListOptions,
  about: About,
  count: { requests: number },
): ListReader<Paging> {
  const { sender } = source;
  const { reporter, authorizer } = sender;
  const first = addressed(source, listing, { partition: options.partition }, about);
  if (filter) first.url.searchParams.set(filter.param, filter.text);
  const place = { path: listing.records, list: true };
  let last = first.url;
  const broken = (problem: string, todo = nothingTaken) =>
    reporter.error('ContractBroken', about, `GET ${shown(sender, last)}: ${problem}`, todo);
  return {
    paging: listing.paging,
    pageSize: options.pageSize ?? schemeOf(listing.paging).sized(listing.paging)?.size,
    atOnce: sender.concurrency,
    broken,
    regard: (answer) => {
      last = answer.url;
    },
    ask: async (query, link): Promise<ListAnswer> => {
      const url = new URL(link ?? first.url);
      for (const [parameter, value] of Object.entries(query)) url.searchParams.set(parameter, String(value));
      if (url.origin !== first.url.origin) {
        throw broken(
          `the resume point leads to ${url.origin}`,
          'The setting baseUrl has changed since; start a new run',
        );
      }
      last = url;
      const answer = await ask(
        sender,
        { url, headers: first.headers, about, signal: options.signal, statuses: new Set<number>(), forbidden, place },
        () => {
          count.requests += 1;
        },
      );
      const error = declaredError(answer.body, listing.error);
      if (error !== undefined) {
        throw broken(`answered ${answer.status} with an error: ${reporter.excerpt(preview(error, 1_000))}`);
      }
      return { ...answer, ...contents(listing, answer.body, broken) };
    },
    mark: (record) => markOf(entity, record),
    changedSince: (records, instant) => {
      const { older, readable } = olderThan(entity, records, instant);
      return readable - older;
    },
    link: (answer, text) => {
      const url = sameOrigin(answer.url, text);
      if (!url) {
        const leadsTo = URL.canParse(text, answer.url.href) ? new URL(text, answer.url).origin : 'no address';
        throw broken(
          `the link to the next page leads to ${leadsTo}`,
          'Secrets are not sent to another host; if the API has moved, change the setting baseUrl',
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

const forbidden = {
  type: 'CredentialsRefused',
  todo: 'The credentials may not read this list: give the connection others with `tidemark connect`, or ask for the permission',
} as const;

function contents(
  listing: Listing,
  body: unknown,
  broken: ListReader<Paging>['broken'],
): { records: readonly unknown[]; total: number | undefined } {
  try {
    return listIn(listing, body);
  } catch (error) {
    if (!(error instanceof NotThisList)) throw error;
    throw broken(`${messageOf(error)}: ${shapeOf(body)}`);
  }
}
