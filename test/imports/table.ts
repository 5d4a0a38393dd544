/** A folder, what it holds, and the folders that its files may import from. A file belongs to the longest folder that fits. */
export interface Room {
  readonly folder: string;
  readonly holds: string;
  /** folders, each with everything below it; imports within a room are free */
  readonly may: readonly string[];
}

/**
 * Which way imports go. `imports.test.ts` holds every import of the project against this table, types and dynamic imports
 * included; tests (`*.test.ts`) may import everything. ARCHITECTURE.md shows it.
 */
export const rooms: readonly Room[] = [
  {
    folder: 'schema',
    holds:
      'the words that all share: definitions of connectors and entities (zod), workflow names, inputs and results, errors, settings, ports',
    may: [],
  },
  { folder: 'telemetry', holds: 'traces, their exporter and header, the logger', may: ['schema'] },
  {
    folder: 'connectors',
    holds: 'one folder per API: definition, mapping, a simulator for demo and tests',
    may: ['schema'],
  },
  {
    folder: 'local',
    holds: 'the embedded default: PostgreSQL, Temporal, supervised children, ports, locks',
    may: ['schema'],
  },

  { folder: 'source/auth', holds: 'authorizers: one file per scheme', may: ['schema'] },
  {
    folder: 'source/wire',
    holds: 'requests and responses: budget, retries, bounds, bodies, verdicts',
    may: ['schema', 'source/auth'],
  },
  {
    folder: 'source/record',
    holds: 'one record: its key, version, fields and mapping',
    may: ['schema', 'source/wire'],
  },
  { folder: 'source/paging', holds: 'paging schemes: one file per scheme', may: ['schema'] },
  {
    folder: 'source/reading',
    holds: '`streamAll` and `getById`',
    may: ['schema', 'source/paging', 'source/record', 'source/wire', 'source/contract'],
  },
  { folder: 'source/formats', holds: 'bytes of a document as parts: JSON, CSV and others', may: [] },
  {
    folder: 'source/jobs',
    holds: 'reports that a source makes as jobs: start, poll, link, download',
    may: [
      'schema',
      'source/formats',
      'source/paging',
      'source/reading',
      'source/record',
      'source/wire',
      'source/contract',
    ],
  },
  {
    folder: 'source/probe',
    holds: 'does the API behave as the definition says?',
    may: ['schema', 'source/paging', 'source/reading', 'source/record', 'source/wire', 'source/contract'],
  },
  {
    folder: 'source/mappingAudit',
    holds: 'are the fields of records those that the definition reads?',
    may: ['schema', 'source/reading', 'source/record', 'source/wire', 'source/contract'],
  },
  {
    folder: 'source',
    holds: 'the API client of one connection (`client.ts`) and what activities see of it (`contract.ts`)',
    may: ['schema'],
  },

  {
    folder: 'destination/database',
    holds: 'connections to PostgreSQL, migrations, identifiers, clock, errors',
    may: ['schema'],
  },
  {
    folder: 'destination/budget',
    holds: 'the request budget that all workers share',
    may: ['schema', 'destination/database'],
  },
  {
    folder: 'destination/setAside',
    holds: 'records set aside (dead letters)',
    may: ['schema', 'destination/audit'],
  },
  {
    folder: 'destination/inbox',
    holds: 'webhook events',
    may: ['schema', 'destination/audit', 'destination/database'],
  },
  {
    folder: 'destination/owed',
    holds: 'records whose related records are to be read again',
    may: ['schema', 'destination/database'],
  },
  {
    folder: 'destination/requests',
    holds: 'what operators ask of a source: records to look at, harmless changes',
    may: ['schema', 'destination/audit'],
  },
  {
    folder: 'destination/rows',
    holds: 'entity tables, the merge rule, every statement that writes or compares rows',
    may: ['schema', 'destination/database', 'destination/owed', 'destination/setAside'],
  },
  {
    folder: 'destination/imports',
    holds: 'files that are imported: their bytes, their lines, what they changed',
    may: ['schema', 'destination/audit', 'destination/database', 'destination/rows', 'destination/setAside'],
  },
  {
    folder: 'destination/cleanup',
    holds: 'retention, and erasing a record',
    may: ['schema', 'destination/audit', 'destination/database', 'destination/rows'],
  },
  {
    folder: 'destination/derived',
    holds: 'what is computed from rows: references, roll-ups, and the triggers that mark what is to be computed again',
    may: ['schema', 'destination/audit', 'destination/database', 'destination/rows'],
  },
  {
    folder: 'destination/connections',
    holds: 'connections, their sealed secrets, paused schedules',
    may: ['schema', 'destination/audit', 'destination/rows'],
  },
  {
    folder: 'destination/plans',
    holds: 'staging, set difference, plans and decisions about them',
    may: ['schema', 'destination/audit', 'destination/database', 'destination/rows'],
  },
  {
    folder: 'destination/runs',
    holds: 'runs, their parts, cursors, undo',
    may: ['schema', 'destination/audit', 'destination/database', 'destination/rows'],
  },
  {
    folder: 'destination/readModels',
    holds: 'what status, explain and metrics read',
    may: [
      'schema',
      'destination/database',
      'destination/inbox',
      'destination/plans',
      'destination/rows',
      'destination/runs',
      'destination/setAside',
    ],
  },
  {
    folder: 'destination/reports',
    holds: 'jobs that sources make reports by',
    may: ['schema', 'destination/database'],
  },
  { folder: 'destination', holds: 'everything that is SQL', may: ['schema'] },

  {
    folder: 'activities',
    holds: 'joins source to destination; heartbeats; turns errors into retryable or final',
    may: [
      'schema',
      'source/client',
      'source/contract',
      'source/record/remapRecord',
      'source/record/readLine',
      'source/formats',
      'destination',
    ],
  },
  {
    folder: 'workflows',
    holds: 'deterministic orchestration; no Node, no clock, no environment, no record content',
    may: ['schema', 'activities'],
  },
  {
    folder: 'workers',
    holds: 'starts Temporal workers; bundles the workflows',
    may: ['schema', 'telemetry', 'activities', 'destination'],
  },

  {
    folder: 'clients/temporal',
    holds: 'the connection to Temporal, starting workflows',
    may: ['schema', 'telemetry', 'destination'],
  },
  {
    folder: 'clients/schedules',
    holds: 'desired schedules, and making Temporal agree',
    may: ['schema', 'destination', 'clients/temporal', 'clients/mapLimited'],
  },
  {
    folder: 'clients/webhooks',
    holds: 'signature, inbox writer, dispatcher',
    may: ['schema', 'destination', 'clients/temporal', 'clients/mapLimited'],
  },
  {
    folder: 'clients/operations',
    holds: 'what an operator can do or ask, each defined once',
    may: [
      'schema',
      'activities/attempt/tryNow',
      'destination',
      'clients/temporal',
      'clients/schedules',
      'clients/webhooks',
      'clients/mapLimited',
    ],
  },
  {
    folder: 'clients/http/metrics',
    holds: 'what `/metrics` reports',
    may: ['schema', 'destination'],
  },
  {
    folder: 'clients/http/connect',
    holds: 'the pages at which a person authorizes a connection',
    may: ['schema', 'source/authorization', 'destination', 'clients/operations'],
  },
  {
    folder: 'clients/http',
    holds: 'HTTP API, webhook route, health',
    may: [
      'schema',
      'telemetry',
      'clients/temporal',
      'clients/webhooks',
      'clients/operations',
      'clients/ownPackage',
      'clients/http/metrics',
      'clients/http/connect',
    ],
  },
  {
    folder: 'clients/cli/processes',
    holds: 'the processes that the command line starts: `up`, `worker`, `server`, `demo`, `migrate`',
    may: ['schema', 'telemetry', 'destination', 'workers', 'local', 'clients'],
  },
  {
    folder: 'clients/cli',
    holds: 'the command line',
    may: ['schema', 'local', 'clients'],
  },
  {
    folder: 'clients',
    holds: "server process and the user's config",
    may: ['schema', 'telemetry', 'destination', 'connectors', 'clients'],
  },
];
