import { setAsideReasons } from '../../schema/answer';
import { argument, field, optional, withDefault, type Z } from './definition/fields';
import { operation } from './definition/operation';
import { instant, started, target } from './definition/schemas';
import { filter } from './definition/targetFields';

const because = optional(field.oneOf('only those set aside for this reason', setAsideReasons, 'why'));
const entries = field.serials('the numbers of entries');

function entry(z: Z) {
  return z.object({
    ...target(z),
    id: z.int(),
    recordId: z.string().nullable().describe('null: its key could not be read'),
    reason: z.enum(setAsideReasons),
    detail: z.string(),
    runId: z.string().nullable(),
    times: z.int(),
    firstSeenAt: instant(z),
    lastSeenAt: instant(z),
    clearedAt: instant(z).nullable().describe('null: it is open'),
    clearedBy: z.string().nullable(),
  });
}

export const setAsideList = operation({
  name: 'set-aside list',
  effect: 'look',
  summary: 'list the records that are set aside, and why',
  examples: ['', 'demo people --because invalid', '--json'],
  input: {
    ...filter,
    because,
    record: optional(field.recordId("only this record, by the source's id")),
    after: optional(field.serial('entries after this one, for the next page', 'entry')),
    limit: withDefault(field.integer('at most this many entries', { min: 1, max: 1_000 }), 100),
  },
  result: (z) => z.object({ entries: z.array(entry(z)).describe('open entries, oldest first') }),
  run: () => import('./work/setAside.js').then(({ listEntries }) => listEntries),
});

export const setAsideShow = operation({
  name: 'set-aside show',
  effect: 'look',
  path: '/set-aside/{entry}',
  summary: 'show one set-aside record with its payload, as the source sent it',
  examples: ['12', '12 --json'],
  input: { entry: argument(field.serial('the number of an entry')) },
  result: (z) => entry(z).extend({ raw: z.string().describe('JSON text; personal data') }),
  run: () => import('./work/setAside.js').then(({ showEntry }) => showEntry),
});

export const setAsideRetry = operation({
  name: 'set-aside retry',
  effect: 'start',
  summary: 'fetch set-aside records from the source again, and write those that can be written now',
  details:
    'Name either entries, or --all, narrowed by --connection, --entity and --because. Exit status 1 when some are still set aside. ' +
    'A record whose key could not be read cannot be fetched by id: its entry is cleared when a run has read everything and did not ' +
    'find the record again.',
  examples: ['12', '12 13 14', '--all --connection demo --entity people'],
  input: {
    entries: optional(argument(entries)),
    all: field.flag('all that are set aside'),
    connection: optional(field.name('with --all: only of this connection')),
    entity: optional(field.name('with --all: only of this entity')),
    because: { ...because, describe: 'with --all: only those set aside for this reason' },
  },
  result: (z) =>
    z.object({
      started: z.array(z.object({ ...target(z), entries: z.array(z.int()), ...started(z) })),
      impossible: z
        .array(z.object({ entry: z.int(), why: z.string() }))
        .describe('entries whose records cannot be fetched by id'),
    }),
  run: () => import('./work/setAside.js').then(({ retryEntries }) => retryEntries),
});

export const setAsideDiscard = operation({
  name: 'set-aside discard',
  effect: 'change',
  summary: 'give set-aside records up: they are no longer listed',
  details:
    'All that are named are discarded, or none. A record is set aside again when a later run finds it and still cannot write it.',
  examples: ['12 --reason "a test record of theirs"', '12 13 --reason "duplicates"'],
  input: { entries: argument(entries) },
  result: (z) => z.object({ discarded: z.array(entry(z)) }),
  run: () => import('./work/setAside.js').then(({ discardEntries }) => discardEntries),
});
