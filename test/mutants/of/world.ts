import type { Mutant } from '../mutant';

/** What once went wrong with sources and databases other than those of our own tests. */
export const ofTheWorld: readonly Mutant[] = [
  {
    invariant: 1,
    name: 'a record that was merged into another is taken for the one that was asked for',
    file: 'source/reading/byId/getById.ts',
    find: 'if (found.id !== undefined && found.id !== id) {',
    replace: 'if (found.id === id && found.id !== id) {',
    test: {
      file: 'source/reading/byId/getById.test.ts',
      name: 'a record that was merged into another is not the one that was asked for',
    },
  },
  {
    invariant: 1,
    name: '“nothing has changed” is a failure',
    file: 'source/reading/readList.ts',
    find: 'export const noChanges: ReadonlySet<number> = new Set([204, 304]);',
    replace: 'export const noChanges: ReadonlySet<number> = new Set([204]);',
    test: { file: 'source/reading/requests.test.ts', name: '%d to `changes` is an empty list' },
  },
  {
    invariant: 12,
    name: 'a refused page behind the last is a failure',
    file: 'source/reading/readList.ts',
    find: 'if (behind) return noSuchPage;',
    replace: 'if (behind) return new Set();',
    test: { file: 'source/paging/proof/ends.test.ts', name: '%s: every length of the list is read' },
  },
  {
    invariant: 11,
    name: 'a source that filters by another clock is not asked whether it filters',
    file: 'source/reading/filter/otherClock.ts',
    find: 'if (answer?.records === 0 || (ageless && answer === undefined)) {',
    replace: 'if (ageless && answer === undefined) {',
    test: {
      file: 'source/reading/requests.test.ts',
      name: 'a source that has nothing from after tomorrow filters by it: the records come, and one request more was sent',
    },
  },
  {
    invariant: 1,
    name: 'a next page at another scheme or port of the same host is refused',
    file: 'source/wire/address.ts',
    find: 'if (url.origin !== from.origin && url.hostname !== from.hostname && !anyHost) return undefined;',
    replace: 'if (url.origin !== from.origin && !anyHost) return undefined;',
    test: { file: 'source/paging/proof/ends.test.ts', name: '%s: followed at the base URL' },
  },
  {
    invariant: 7,
    name: 'of deliveries with one event id only one is kept, whatever they are about',
    file: 'destination/inbox/inbox.ts',
    find: 'select distinct on (connection_id, event_id, entity, external_id, body)',
    replace: 'select distinct on (connection_id, event_id)',
    test: { file: 'destination/inbox/oneEventId.test.ts', name: 'an event of the same id about %s is kept as well' },
  },
  {
    invariant: 1,
    name: 'times are read as the database writes them by default',
    file: 'destination/database/postgresClient.ts',
    find: "DateStyle: 'ISO', ",
    replace: '',
    test: { file: 'test/hostile/databaseSettings.test.ts', name: 'a database in which %s' },
  },
  {
    invariant: 6,
    name: 'a table that had to be made again keeps its cursors',
    file: 'destination/runs/entityTable.ts',
    find: 'for (const { id } of rows as { id: string }[]) {',
    replace: 'for (const { id } of [] as { id: string }[]) {',
    test: {
      file: 'test/strategies/tableChanges.test.ts',
      name: 'after the table was dropped the next delta reads everything, and the audit says why',
    },
  },
  {
    invariant: 1,
    name: 'a column that was added owes nothing',
    file: 'destination/runs/entityTable.ts',
    find: '} else await oweColumns(trx, { connector, entity }, added);',
    replace: '} else await oweColumns(trx, { connector, entity }, []);',
    test: {
      file: 'test/strategies/tableChanges.test.ts',
      name: 'a column that was added is owed, is shown with its command, and is filled by remap',
    },
  },
  {
    invariant: 10,
    name: 'how few connections a role may have is not looked at',
    file: 'destination/database/sessionFacts.ts',
    find: "{ by: 'role', most: facts.ofRole },",
    replace: '',
    test: {
      file: 'clients/operations/doctor/postgres.test.ts',
      name: 'a role with few connections, which may make no tables',
    },
  },
];
