import { until } from '../support/server';
import { type BothWays, type Document, outcomeOf } from './support';

/** One operation, asked in both ways. */
export interface Case {
  /** as HTTP takes it */
  readonly input: Document;
  /** what follows the command */
  readonly args: readonly string[];
  /** variables that the command reads, such as secrets */
  readonly env?: NodeJS.ProcessEnv;
  /** done before each of the two ways */
  readonly before?: () => Promise<unknown>;
  /** names of fields that time changes between the two */
  readonly changing?: readonly string[];
  /** the exit status and HTTP status of what is refused */
  readonly refused?: { readonly exit: number; readonly http: number };
}

const people = { connection: 'demo', entity: 'people' };
const names = ['demo', 'people'];
const reason = 'a test of both ways';
const because = ['--reason', reason];

/** What the command's options say of every entity. */
const everyEntity = (schedule: Document) => ({ people: schedule, donations: schedule });

const grace = {
  connection: 'grace',
  connector: 'planning_center',
  settings: { baseUrl: 'http://127.0.0.1:9' },
  secrets: { appId: 'app', secret: 'of grace', webhookSecret: 'first' },
};
/** A plan that waits for a decision, of a source that has lost most people. */
export async function planThatWaits({ control, engine }: BothWays): Promise<string> {
  for (const { id } of [...control.all('people')].slice(0, 30)) control.delete('people', id);
  // what was received within the read lag is no candidate yet
  await engine.db.raw(`update planning_center_people
    set _sent_at = _sent_at - interval '1 minute', _received_at = _received_at - interval '1 minute'`);
  const { planId, outcome } = await engine.reconcile('people');
  expect(outcome).toBe('waiting');
  return planId ?? '';
}

/** The cases by the operation's name. A new operation fails `sameJson.test.ts` until it has one. `plan` is the id of a plan that waits. */
export function casesOf(both: BothWays, plan: string): Readonly<Record<string, () => Case>> {
  const firstPerson = () => [...both.control.all('people')][0]?.id ?? '';
  /** Live people of whom nothing else is known. */
  const livePerson = (index: number) => [...both.control.all('people')][index]?.id ?? '';

  /** A set-aside entry of a person that can be written, open again. */
  async function openEntry(): Promise<unknown> {
    return both.engine.db.raw(
      `insert into tidemark.set_aside (id, connection_id, entity, external_id, reason, detail, raw, raw_hash)
     overriding system value values (700, 'demo', 'people', ?, 'invalid', 'no name', '{"id": 1}', 'a hash')
     on conflict (id) do update set cleared_at = null, cleared_by = null`,
      [livePerson(1)],
    );
  }

  /** A webhook event that could not be processed. */
  async function parkedEvent(): Promise<unknown> {
    return both.engine.db.raw(
      `insert into tidemark.inbox (id, connection_id, event_id, type, entity, external_id, body, done_at, outcome)
     overriding system value values (700, 'demo', 'e-1', 'person.updated', 'people', ?, '{"secret": 1}', now(), 'parked')
     on conflict (id) do update set done_at = now(), outcome = 'parked'`,
      [livePerson(1)],
    );
  }

  /** An import with a line that could not be read. */
  async function importWithError(): Promise<unknown> {
    return both.engine.db.raw(
      `with made as (insert into tidemark.imports (id, connection_id, entity, name) overriding system value
         values (700, 'demo', 'people', 'people.csv') on conflict do nothing)
       insert into tidemark.import_errors (import_id, line, problem, content)
       select 700, 7, 'phone is empty', 'a,,b' on conflict do nothing`,
    );
  }

  const waitsAgain = () => both.engine.db('tidemark.plans').where({ id: plan }).update({ status: 'waiting' });

  const makeGrace = () => both.http('POST', '/api/connections', { ...grace, reason });
  const removeGrace = () => both.http('POST', '/api/connections/grace/remove', { rows: 'delete', reason });
  const inGrace = ['createdAt', 'updatedAt', 'agreed'];

  const schedulesAgree = () =>
    until(async () => {
      const { document } = await both.http('GET', '/api/schedules');
      return (document.schedules as Document[]).every(({ agreement }) => agreement === 'agrees');
    });

  return {
    connect: () => ({
      input: { ...grace, timeZone: 'Europe/Berlin', schedules: everyEntity({ delta: { every: '2h' } }), reason },
      args: [grace.connector, 'grace', '--set', 'baseUrl=http://127.0.0.1:9', '--time-zone', 'Europe/Berlin']
        .concat('--delta', '2h')
        .concat(because),
      env: {
        TIDEMARK_SECRET_APP_ID: 'app',
        TIDEMARK_SECRET_SECRET: 'of grace',
        TIDEMARK_SECRET_WEBHOOK_SECRET: 'first',
      },
      before: removeGrace,
      changing: inGrace,
    }),
    'connections change': () => ({
      input: { connection: 'grace', schedules: everyEntity({ reconciliation: { at: '02:30' } }), reason },
      args: ['connect', grace.connector, 'grace', '--update', '--reconcile', '02:30', ...because],
      before: makeGrace,
      changing: inGrace,
    }),
    connections: () => ({ input: {}, args: [] }),
    'connections show': () => ({ input: { connection: 'demo' }, args: ['demo'] }),
    'connections check': () => ({ input: { connection: 'demo' }, args: ['demo'] }),
    'connections enable': () => ({
      input: { connection: 'grace', reason },
      args: ['grace', ...because],
      before: makeGrace,
      changing: inGrace,
    }),
    'connections disable': () => ({
      input: { connection: 'grace', reason },
      args: ['grace', ...because],
      before: makeGrace,
      changing: inGrace,
    }),
    'connections rotate-secret': () => ({
      input: { connection: 'grace', secret: 'webhookSecret', value: 'second', reason },
      args: ['grace', 'webhookSecret', ...because],
      env: { TIDEMARK_SECRET_WEBHOOK_SECRET: 'second' },
      before: makeGrace,
    }),
    'connections link': () => ({
      input: { connection: 'demo', server: 'https://tidemark.example.com', reason },
      args: ['demo', '--server', 'https://tidemark.example.com', ...because],
      refused: { exit: 2, http: 409 },
    }),
    'connections reseal': () => ({ input: { reason }, args: because }),
    'connections remove': () => ({
      input: { connection: 'grace', rows: 'delete', reason },
      args: ['grace', '--rows', 'delete', ...because],
      before: makeGrace,
      changing: ['agreed'],
    }),
    'schedules list': () => ({
      input: { connection: 'demo' },
      args: ['demo'],
      before: schedulesAgree,
      changing: ['next'],
    }),
    'schedules pause': () => ({
      input: { ...people, strategy: 'delta', reason },
      args: [...names, '--strategy', 'delta', ...because],
      changing: ['agreed'],
    }),
    'schedules resume': () => ({
      input: { connection: 'demo', reason },
      args: ['demo', ...because],
      changing: ['agreed'],
    }),
    'schedules repair': () => ({ input: { reason }, args: because, before: schedulesAgree }),

    status: () => ({ input: people, args: names, changing: ['at', 'lagMs'] }),
    runs: () => ({ input: { ...people, limit: 5 }, args: [...names, '--limit', '5'], changing: ['leaseExpired'] }),
    'runs show': () => ({ input: { run: '1', deleted: 3 }, args: ['1', '--deleted', '3'] }),
    undo: () => ({ input: { run: '1', reason }, args: ['1', ...because], refused: { exit: 2, http: 409 } }),
    resume: () => ({ input: { connection: 'demo', reason }, args: ['demo', ...because] }),
    cancel: () => ({ input: { run: '1', reason }, args: ['1', ...because], refused: { exit: 2, http: 409 } }),
    plans: () => ({ input: { connection: 'demo' }, args: ['demo'] }),
    'plans show': () => ({ input: { plan }, args: [plan] }),
    reject: () => ({ input: { plan, reason }, args: [plan, ...because], before: waitsAgain }),
    approve: () => ({ input: { plan, reason }, args: [plan, ...because], before: waitsAgain }),

    sync: () => ({ input: { ...people, full: true }, args: [...names, '--full'] }),
    reconcile: () => ({ input: { ...people, dryRun: true }, args: [...names, '--dry-run'] }),
    record: () => ({ input: { ...people, id: firstPerson() }, args: [...names, firstPerson()] }),
    'record raw': () => ({
      input: { ...people, id: firstPerson() },
      args: [...names, firstPerson()],
      changing: ['askedAt'],
    }),
    // Planning Center's people declare none; the whole of it is tested with ServiceTitan
    touch: () => ({
      input: { ...people, id: firstPerson(), text: 'hello', reason },
      args: [...names, firstPerson(), '--text', 'hello', ...because],
      refused: { exit: 2, http: 409 },
    }),
    'rows hours': () => ({ input: { ...people, hours: 3 }, args: [...names, '--hours', '3'] }),
    'rows walks': () => ({
      input: { ...people, since: '2026-01-01T00:00:00Z', limit: 5 },
      args: [...names, '--since', '2026-01-01T00:00:00Z', '--limit', '5'],
    }),
    'rows duplicates': () => ({
      input: { ...people, columns: 'first_name, last_name' },
      args: [...names, '--columns', 'first_name, last_name'],
    }),
    // people have no references, and the connector no roll-up
    'rows orphans': () => ({ input: people, args: names, refused: { exit: 2, http: 409 } }),
    rollups: () => ({ input: {}, args: [] }),
    'rollups show': () => ({
      input: { rollup: 'daily_gifts' },
      args: ['daily_gifts'],
      refused: { exit: 2, http: 404 },
    }),
    'rollups rebuild': () => ({
      input: { rollup: 'daily_gifts', reason },
      args: ['daily_gifts', ...because],
      refused: { exit: 2, http: 404 },
    }),
    'record show': () => ({ input: { ...people, id: firstPerson() }, args: [...names, firstPerson()] }),
    probe: () => ({ input: people, args: names }),
    audit: () => ({ input: people, args: names }),
    verify: () => ({ input: { ...people, sample: null }, args: [...names, '--all'] }),
    backfill: () => ({
      input: { ...people, since: '2026-01-01T00:00:00Z' },
      args: [...names, '--since', '2026-01-01T00:00:00Z'],
    }),
    remap: () => ({ input: people, args: names }),
    import: () => ({
      input: { ...people, upload: '1' },
      args: [...names, __filename],
      refused: { exit: 2, http: 409 },
    }),
    'imports errors': () => ({ input: { import: '700' }, args: ['700'], before: importWithError }),
    outcome: () => ({
      input: { workflowId: 'tidemark/remap/demo/people' },
      args: ['tidemark/remap/demo/people'],
      before: async () => {
        const { document } = await both.http('POST', '/api/remap', people);
        await outcomeOf(both, document);
      },
      changing: ['workflowRunId', 'runId', 'counts', 'pages'],
    }),
    'cursor show': () => ({ input: people, args: names, changing: ['lagMs'] }),
    'cursor reset': () => ({
      input: { ...people, to: '2026-02-01T00:00:00Z', forward: true, reason },
      args: [...names, '--to', '2026-02-01T00:00:00Z', '--forward', ...because],
      before: () => both.engine.db('tidemark.cursors').update({ at: '2026-03-01T00:00:00Z' }),
    }),

    'set-aside list': () => ({
      input: { ...people, because: 'invalid', limit: 5 },
      args: [...names, '--because', 'invalid', '--limit', '5'],
      before: openEntry,
    }),
    'set-aside show': () => ({ input: { entry: 700 }, args: ['700'], before: openEntry }),
    'set-aside retry': () => ({
      input: { all: true, ...people, because: 'invalid' },
      args: ['--all', '--connection', 'demo', '--entity', 'people', '--because', 'invalid'],
      before: openEntry,
    }),
    'set-aside discard': () => ({
      input: { entries: [700], reason },
      args: ['700', ...because],
      before: openEntry,
      changing: ['clearedAt', 'clearedBy'],
    }),
    'webhooks list': () => ({
      input: { ...people, state: 'parked', bodies: true, since: '2026-01-01T00:00:00Z' },
      args: [...names, '--state', 'parked', '--bodies', '--since', '2026-01-01T00:00:00Z'],
      before: parkedEvent,
      changing: ['doneAt'],
    }),
    'webhooks replay': () => ({
      input: { connection: 'demo', events: [700], reason },
      args: ['demo', '700', ...because],
      before: parkedEvent,
    }),
    explain: () => ({
      input: { ...people, id: livePerson(2), wait: 45 },
      args: [...names, livePerson(2), '--wait', '45'],
      changing: ['askedAt'],
    }),
    forget: () => ({
      input: { ...people, id: livePerson(3), reason },
      args: [...names, livePerson(3), ...because],
      before: () => both.engine.record('people', livePerson(3)),
    }),
  };
}
