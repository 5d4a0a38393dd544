import { z } from 'zod';
import { defineConnector } from '../../schema/definition/connector';
import { DefinitionError } from '../../schema/definition/definition';
import { atEnd } from '../../test/environment';
import { idsOf, json, readAll, startSource, testClient, testEntity } from '../../test/support/sources/httpSource';

/** Values that each account has of its own, filled from a list of the source. */
const ordersReport = { path: '/reports', records: 'data', where: { 'of.slug': 'orders' }, value: 'id' };
const path = '/reports/{ordersReport}/rows';

/** A source with these reports; `asked`: the paths that were requested. */
async function world(reports: readonly object[]) {
  const asked: string[] = [];
  const source = await startSource((_request, response, url) => {
    asked.push(url.pathname);
    if (url.pathname === '/reports') return json(response, { data: reports });
    return json(response, url.pathname === '/reports/353/rows' ? [{ id: '1', name: 'Ada' }] : []);
  });
  atEnd(() => source.close());
  const client = (listing = path) =>
    testClient(
      source.baseUrl,
      { listings: { all: { path: listing, paging: { scheme: 'none' } } } },
      { lookups: { ordersReport } },
    );
  return { asked, client };
}

const orders = { id: 353, of: { slug: 'orders' } };
const others = { id: 341, of: { slug: 'reservations' } };

test('the value of this account stands in the request, and is read once', async () => {
  const { asked, client } = await world([others, orders]);
  const one = client();
  expect(idsOf((await readAll(one)).records)).toEqual(['1']);
  await readAll(one);
  expect(asked).toEqual(['/reports', '/reports/353/rows', '/reports/353/rows']);
});

test('an entity whose requests do not contain it does not ask for it', async () => {
  const { asked, client } = await world([]);
  await readAll(client('/people'));
  expect(asked).toEqual(['/people']);
});

test.each([
  ['no record is the one', [others], '0 of 1 records have of.slug = orders'],
  ['several are', [orders, { id: 383, of: { slug: 'orders' } }], '2 of 2 records have of.slug = orders'],
  ['it has no value', [{ of: { slug: 'orders' } }], "no text or number at 'id'"],
])('the run fails and says where to look if %s', async (_name, reports, problem) => {
  const { asked, client } = await world(reports);
  await expect(readAll(client())).rejects.toMatchObject({
    type: 'ContractBroken',
    message: expect.stringContaining(problem),
  });
  await expect(readAll(client())).rejects.toMatchObject({ message: expect.stringContaining('lookups.ordersReport') });
  expect(new Set(asked)).toEqual(new Set(['/reports']));
});

test('a name that stands for something else already is a mistake', () => {
  const define = () =>
    defineConnector({
      name: 'acme',
      settings: z.object({ baseUrl: z.url(), tenant: z.string() }),
      secrets: z.object({}),
      auth: { scheme: 'none' },
      lookups: { since: ordersReport, tenant: ordersReport, other: { ...ordersReport, path: '/{nothing}' } },
      entities: [testEntity()],
    });
  expect(define).toThrow(DefinitionError);
  expect(define).toThrow(/lookups\.since: the engine fills \{since\} itself/);
  expect(define).toThrow(/lookups\.tenant: there is a setting of that name/);
  expect(define).toThrow(/lookups\.other\.path: nothing fills \{nothing\}/);
});
