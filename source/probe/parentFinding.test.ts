import type { ConnectorEntity } from '../../schema/definition/connector';
import { type Answer, probedOf, said } from '../../test/support/sources/probed';

/** The items of a board; the boards are records of another entity. */
const items = ['i1', 'i2', 'i3'].map((id) => ({ id, updated_at: '2026-01-01T00:00:00Z' }));
const all = { path: '/boards/{partition}/items', records: 'data', paging: { scheme: 'none' } } as const;
const parents = { entity: 'boards', table: 'acme_boards', fields: [] };
const of = (entity: ConnectorEntity): ConnectorEntity => ({ ...entity, parents });

async function probed(unknown: Answer) {
  const answer: Answer = (url) => (url.pathname === '/boards/7/items' ? { data: items } : unknown(url));
  const where = { partition: '7', parent: { id: '7', fields: {} } };
  return said(await probedOf('parents', answer, { partitions: ['7', '8'], listings: { all } }, { of, ...where }));
}

test.each<[string, Answer, string]>([
  ['a status that says it is gone', () => 404, 'agrees: the list of a parent that never existed answers 404'],
  ['nothing', () => ({ data: [] }), 'agrees: the list of a parent that never existed is empty'],
  ['another status', () => 500, 'unknown: the list of a parent that never existed answers 500'],
  [
    'the items of another',
    () => ({ data: items }),
    'contradicts: the list of a parent that never existed shows 3 records, 3 of them records of another parent',
  ],
  [
    'items of no board',
    () => ({ data: [{ ...items[0], id: 'x' }] }),
    'contradicts: the list of a parent that never existed shows 1 records, of no parent',
  ],
])('a parent that never existed is answered with %s', async (_what, unknown, finding) => {
  expect(await probed(unknown)).toEqual([expect.stringContaining(finding)]);
});

test('says nothing where partitions are no records', async () => {
  const answer: Answer = () => ({ data: items });
  expect(await probedOf('parents', answer, { partitions: ['7', '8'], listings: { all } }, { partition: '7' })).toEqual(
    [],
  );
});
