import { z } from 'zod';
import { defineConnector } from './connector';
import { DefinitionError } from './definition';
import { defineEntity, type EntityInput } from './entity';

const row = z.object({ phone: z.string(), visits: z.int() });
type Changes = Partial<EntityInput<typeof row, Record<string, never>>>;

const entity = (name: string, changes: Changes = {}) =>
  defineEntity<typeof row, Record<string, never>>({
    ...{ name, row, key: 'id', supportsWebhooks: false },
    map: () => ({ phone: '', visits: 0 }),
    listings: { all: { path: '/', paging: { scheme: 'none' } } },
    ...changes,
  });

function mistakesIn(define: () => unknown): readonly string[] {
  try {
    define();
    return [];
  } catch (error) {
    if (error instanceof DefinitionError) return error.mistakes;
    throw error;
  }
}

const connector = (...entities: ReturnType<typeof entity>[]) =>
  mistakesIn(() =>
    defineConnector({
      ...{ name: 'shop', settings: z.object({ baseUrl: z.url() }), secrets: z.object({}), auth: { scheme: 'none' } },
      entities,
    }),
  );

test('a column of its own that does not exist, or cannot be compared so, is named with its path', () => {
  const excludedBy: Changes['excludedBy'] = [
    { entity: 'reports', match: [{ column: 'mobile' }, { column: 'visits', as: 'folded' }] },
    { table: 'crm.blocked', match: [{ column: 'phone' }] },
  ];
  expect(mistakesIn(() => entity('leads', { excludedBy }))).toEqual([
    "leads.excludedBy.0.match.0.column: there is no column 'mobile' in row",
    "leads.excludedBy.0.match.1.column: only text is compared so, but 'visits' is bigint",
  ]);
  expect(
    mistakesIn(() => entity('leads', { excludedBy: [{ table: 'blocked', match: [{ column: 'phone' }] }] })),
  ).toEqual([expect.stringContaining('leads.excludedBy.0')]);
});

test('so are another entity, a column of it, and another type of column that do not exist', () => {
  const by = (of: string, equals?: string) =>
    entity('leads', { excludedBy: [{ entity: of, match: [{ column: 'phone', ...(equals && { equals }) }] }] });
  expect(connector(by('reports'), entity('reports'))).toEqual([]);
  expect(connector(by('report'), entity('reports'))).toEqual([
    "shop.entities.leads.excludedBy.0.entity: there is no entity 'report'; it may be leads, reports",
  ]);
  expect(connector(by('reports', 'mobile'), entity('reports'))).toEqual([
    "shop.entities.leads.excludedBy.0.match.0.equals: the row of 'reports' has no column mobile",
  ]);
  expect(connector(by('reports', 'visits'), entity('reports'))).toEqual([
    "shop.entities.leads.excludedBy.0.match.0.equals: 'phone' is text, but 'visits' of 'reports' is bigint",
  ]);
});

test('two entities that exclude each other, or one that excludes itself, are refused', () => {
  const by = (name: string, of: string) => entity(name, { excludedBy: [{ entity: of, match: [{ column: 'phone' }] }] });
  expect(connector(by('leads', 'leads'))).toEqual([
    "shop.entities.leads.excludedBy.0.entity: records of 'leads' are excluded by leads in turn",
  ]);
  expect(connector(by('leads', 'reports'), by('reports', 'returns'), by('returns', 'leads'))).toHaveLength(3);
});
