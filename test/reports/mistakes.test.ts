import { z } from 'zod';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity, type EntityInput } from '../../schema/definition/entity';
import type { ListingInput } from '../../schema/definition/listings/listing';
import type { JsonObject } from '../../schema/json/json';
import { row, testEntity } from '../support/sources/httpSource';
import { cappedReport, postedReport } from './definitions';

/** What is wrong with a report is reported at start, with its path. */
type Report = NonNullable<ListingInput['report']>;
type Changes = Partial<EntityInput<typeof row, JsonObject>>;

const posted = postedReport().report as Report;
const capped = cappedReport().report as Report;

function mistakesOf(all: ListingInput, changes: Changes = {}) {
  try {
    const settings = z.object({ baseUrl: z.url() });
    const parents = defineEntity({
      ...{ name: 'parents', row, key: 'id', map: () => ({ name: null }), supportsWebhooks: false },
      listings: { all: { path: '/parents', paging: { scheme: 'none' } } },
    });
    const entity = testEntity({ listings: { all }, ...changes });
    defineConnector({
      ...{
        name: 'acme',
        settings,
        secrets: z.object({ token: z.string() }),
        auth: { scheme: 'bearer', token: 'token' },
      },
      entities: [parents, entity],
    });
    return '';
  } catch (error) {
    return String(error);
  }
}

test('the two shapes are right, as lists of everything, with static partitions, and held back', () => {
  expect(mistakesOf(cappedReport())).toBe('');
  expect(mistakesOf(postedReport())).toBe('');
  expect(mistakesOf({ ...postedReport(), body: { of: '{partition}' } }, { partitions: ['a', 'b'] })).toBe('');
  expect(mistakesOf({ ...postedReport(), heldBack: '15m' })).toBe('');
});

const ofAll: [mistake: string, all: ListingInput, changes?: Changes][] = [
  [
    "listings.all.paging: a report is one document, so paging is { scheme: 'none' }",
    { ...postedReport(), paging: { scheme: 'token', param: 'page', next: 'next' } },
  ],
  [
    'listings.all.paging: a report is one document',
    {
      ...postedReport(),
      paging: {
        scheme: 'function',
        read: async function* ({ end }) {
          yield { records: [], from: [] };
          return end();
        },
      },
    },
  ],
  [
    'listings.all.report: an entity whose partitions are records of another entity cannot be read from a report',
    { ...postedReport(), body: { of: '{partition}' } },
    { partitions: { from: 'parents' } },
  ],
  [
    'listings.all.report: an entity with `related` cannot be read from a report',
    postedReport(),
    {
      related: {
        contacts: {
          listing: { path: '/contacts', query: { of: '{ids}' }, paging: { scheme: 'none' } },
          parent: 'person',
        },
      },
      listings: { all: postedReport(), one: { path: '/people/{id}' } },
    },
  ],
  [
    "duplicates.keep: 'first' needs an order, which a document that is made again does not keep",
    postedReport(),
    { duplicates: { keep: 'first', ordered: true } },
  ],
  [
    'listings.all.report.start: goes with `capped`',
    { ...postedReport(), report: { ...posted, start: { path: '/x' } } },
  ],
  ['listings.all.report.start: goes with `capped`', { ...cappedReport(), report: { ...capped, start: undefined } }],
  ["listings.all.report.capped: 'total' needs the listing's `total`", cappedReport({ capped: 'total' })],
  [
    'listings.all.report.poll.request: must contain {job}',
    postedReport({ poll: { ...posted.poll, request: { path: '/poll' } } }),
  ],
  [
    'listings.all.report.link.request: must contain {document} or {job}',
    postedReport({ link: { ...posted.link, request: { path: '/documents' } } }),
  ],
  ['listings.all.report.link.document: missing', postedReport({ link: { ...posted.link, document: undefined } })],
  [
    "listings.all.report.start.body: a body is sent with method 'POST' only",
    cappedReport({ start: { path: '/start', body: {} } }),
  ],
  [
    "listings.all.report.poll.failed: the state 'DONE' is in done already",
    postedReport({ poll: { ...posted.poll, failed: ['DONE'] } }),
  ],
  ['listings.all.report.document.tabular: missing; csv has headers', postedReport({ document: { format: 'csv' } })],
  [
    'listings.all.report.document.tabular.headers: missing',
    cappedReport({ document: { format: 'json', tabular: { fields: { id: 'ID' } } } }),
  ],
  [
    'listings.all.report.document.total: only a json document contains its total',
    postedReport({ document: { format: 'ndjson', total: 'total' } }),
  ],
  [
    'listings.all.report.document: nothing proves the end of ndjson',
    postedReport({ document: { format: 'ndjson' }, link: { ...posted.link, compression: undefined } }),
  ],
  [
    "listings.all.report.window.from: missing; it says where the range of 'all' begins",
    postedReport({ window: { field: 'date', form: 'date', timeZone: 'UTC' } }),
  ],
  [
    'listings.all.covers: missing; the report shows a range only',
    postedReport({ window: { field: 'date', form: 'date', timeZone: 'UTC', from: '30d' } }),
  ],
  [
    'listings.all.covers.from: must be at most 30d, where `report.window` begins',
    {
      ...postedReport({ window: { field: 'date', form: 'date', timeZone: 'UTC', from: '30d' } }),
      covers: { field: 'name', from: '365d' },
    },
  ],
  [
    "listings.all.covers.to: must be 'today', where `report.window` ends",
    {
      ...postedReport({ window: { field: 'date', form: 'date', timeZone: 'UTC', from: '30d', to: 'today' } }),
      covers: { field: 'name', from: '30d', to: '1h' },
    },
  ],
  [
    'listings.all.report.poll.request.query.part: nothing fills {other}',
    postedReport({ poll: { ...posted.poll, request: { path: '/{job}', query: { part: '{other}' } } } }),
  ],
  ['listings.all.body.from: nothing fills {since}', { ...postedReport(), body: { from: '{since}' } }],
];

test.each(ofAll.map(([mistake, all, changes = {}]) => ({ mistake, all, changes })))(
  '$mistake',
  ({ mistake, all, changes }) => {
    expect(mistakesOf(all, changes)).toContain(`people.${mistake}`);
  },
);

test.each<[mistake: string, changes: NonNullable<NonNullable<Changes['listings']>['changes']>]>([
  [
    'listings.changes.feed: a report gives no tokens',
    { ...postedReport(), body: { from: '{since}' }, feed: { token: 'token', first: 'all' } },
  ],
  [
    'listings.changes.since.window: the range of a report is declared as `report.window`',
    {
      ...postedReport(),
      body: { from: '{since}', to: '{until}' },
      since: { form: 'date', boundary: 'inclusive', window: { back: '7d' } },
    },
  ],
  [
    'listings.changes.report.start: must contain {since}',
    {
      ...cappedReport({ start: { path: '/async' } }),
      query: { from: '{since}' },
      since: { form: 'date', boundary: 'inclusive' },
    },
  ],
  [
    "listings.changes.report.window.from: the range of 'changes' begins at the cursor",
    {
      ...postedReport({ window: { field: 'date', form: 'date', timeZone: 'UTC', from: '30d' } }),
      body: { from: '{since}' },
      since: { form: 'date', boundary: 'inclusive' },
    },
  ],
])('%s', (mistake, changes) => {
  const all: ListingInput = { path: '/people', paging: { scheme: 'none' } };
  expect(mistakesOf(all, { listings: { all, changes } })).toContain(`people.${mistake}`);
});
