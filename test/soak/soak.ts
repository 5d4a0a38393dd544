import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { startWorkflow } from '../../clients/temporal/start';
import { connectTemporal } from '../../clients/temporal/temporal';
import { delta, reconciliation } from '../../clients/temporal/workflows';
import { planningCenter } from '../../connectors/planning-center/connector';
import { seededRandom } from '../../connectors/simulator/random';
import { createConnection } from '../../destination/connections/connections';
import { keyRing, saveSecrets } from '../../destination/connections/secrets';
import { connectDatabase } from '../../destination/database/database';
import { migrate } from '../../destination/database/migrate';
import { messageOf, TidemarkError } from '../../schema/errors';
import { ids, type Target } from '../../schema/workflows';
import { wreak } from './chaos';
import { type Check, checkCounts, checkInbox, runsByOutcome, scheduledSince } from './checks';
import { compareRows } from './compare';
import { type Generated, startGenerated } from './generated';
import { startLoad } from './load';
import { type Place, startPlace } from './place';
import type { SoakReport } from './report';
import { RequestLog } from './requestLog';
import { connectionId, credentials, type EntityName, encryptionKey, entityNames, type SoakOptions } from './setting';
import { SourceWorld } from './sourceWorld';
import { until } from './waiting';
import { startWebhookGate, type WebhookGate } from './webhookGate';
import { askWitness, installWitness } from './witness';

/** As often everything is read as the first time, beside the schedules. */
const fullDeltaEveryMs = 60_000;

/**
 * Runs everything under load, kills and breaks it for so long, lets the dust settle (one delta, one reconciliation for
 * each entity) and checks what must hold. Throws where it does not settle at all, with the programs' last words.
 */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const begun = Date.now();
  const asked = new RequestLog();
  const generated = await startGenerated(options);
  const place = await startPlace(options, generated, (link, piece) => {
    if (link === 'worker–source') asked.note(piece);
  });
  const ends: (() => Promise<void>)[] = [() => generated.close(), () => place.stop()];
  try {
    const db = connectDatabase(place.databaseUrl, { applicationName: 'soak', poolSize: 4 });
    ends.push(() => db.destroy());
    await prepare(db, place, options);
    await generated.prepare(db, place.generatedUrl, options);
    const gate = await startWebhookGate(`${place.serverUrl}/webhooks/${connectionId}`);
    ends.push(() => gate.close());
    const temporal = await connectTemporal({ temporalEnvironment: { TEMPORAL_ADDRESS: place.temporalAddress } });
    ends.push(() => temporal.connection.close());

    const random = seededRandom(options.seed);
    const world = new SourceWorld(place.sourceUrl, options, seededRandom(options.seed + 2));
    await makeTrouble(world, gate);
    await place.startPrograms();
    options.onProgress(`everything runs, after ${seconds(begun)} s`);
    const load = startLoad(world, options, seededRandom(options.seed + 3));
    const stopGenerated = generated.load(seededRandom(options.seed + 4));
    const readAllAgain = setInterval(() => {
      const target = { connectionId, entity: 'people' };
      startWorkflow({ db, client: temporal.client }, delta, { ...target, full: true, trigger: 'cli' }).catch(
        (error: unknown) => options.onProgress(`no full delta this time: ${messageOf(error).split('\n')[0]}`),
      );
    }, fullDeltaEveryMs);
    ends.push(async () => clearInterval(readAllAgain));
    const broken = Date.now();
    const damage = await wreak(place, options, random);
    clearInterval(readAllAgain);
    await load.stop();
    await stopGenerated();
    options.onProgress(`nothing more is broken, after ${seconds(begun)} s`);

    await endTrouble(world, gate);
    await settle(db, temporal.client, place, options, damage.lastAt, targetsOf(generated));
    options.onProgress(`settled, after ${seconds(begun)} s`);
    const running = await whatRuns(db, temporal.client);
    const inbox = await checkInbox(db, gate.acknowledged, asked);
    const compared = new Map<EntityName, Awaited<ReturnType<typeof compareRows>>>();
    for (const entity of entityNames) compared.set(entity, await compareRows(db, world, entity));
    const ofGenerated = await generated.check(db);
    const witnessed = await askWitness(db, world);
    const checks: Check[] = [
      ...inbox.checks,
      { name: 'no live record was ever soft-deleted', contradictions: witnessed.falseDeletions },
      {
        name: 'the rows equal the source, record by record',
        contradictions: [...compared.values()].flatMap(({ differences }) => differences),
      },
      ...ofGenerated.checks,
      await checkCounts(db),
      {
        name: 'no cursor ever moved backwards',
        contradictions: witnessed.cursorSteps === 0 ? [] : [`${witnessed.cursorSteps} steps backwards`],
      },
      { name: 'no run is running', contradictions: running },
      // `settle` would have thrown
      { name: 'the next runs started by themselves', contradictions: [] },
    ];
    return {
      seed: options.seed,
      brokenForSeconds: Math.round((damage.lastAt - broken) / 1000),
      seconds: Math.round((Date.now() - begun) / 1000),
      kills: damage.kills,
      faults: damage.faults,
      brokenConnections: damage.connections,
      changes: world.changes + generated.changes,
      bursts: load.bursts,
      requests: asked.requests,
      webhooks: {
        deliveries: gate.deliveries,
        refused: gate.refused,
        acknowledged: gate.acknowledged.size,
        found: inbox.found,
        inbox: inbox.events,
      },
      rows: { ...Object.fromEntries([...compared].map(([entity, { rows }]) => [entity, rows])), ...ofGenerated.rows },
      deletions: witnessed.deletions,
      runs: await runsByOutcome(db),
      checks,
    };
  } catch (error) {
    throw new Error(`${messageOf(error)}\n${place.tail()}`, { cause: error });
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

function targetsOf({ apis }: Generated): Target[] {
  return [
    ...entityNames.map((entity) => ({ connectionId, entity })),
    ...apis.map(({ name }) => ({ connectionId: name, entity: name })),
  ];
}

async function prepare(db: Knex, place: Place, options: SoakOptions): Promise<void> {
  await migrate(place.databaseUrl);
  const every = {
    delta: { every: `${options.deltaEvery}s` },
    reconciliation: { every: `${options.reconciliationEvery}s` },
  };
  await createConnection(db, {
    id: connectionId,
    connector: planningCenter.name,
    settings: { baseUrl: place.baseUrl },
    schedules: { people: every, donations: every },
  });
  await saveSecrets(db, keyRing(encryptionKey), connectionId, credentials);
  await installWitness(db);
}

/** The source itself is no better than others: it fails now and then, its reads lag, and it loses webhooks. */
async function makeTrouble(world: SourceWorld, gate: WebhookGate): Promise<void> {
  await world.control('PUT', 'webhooks', {
    ...{ url: gate.url, secret: credentials.webhookSecret, auto: true, drop: 0.1, concurrency: 8 },
    retrySeconds: [1, 2, 4, 8, 8, 8, 8, 8],
  });
  await world.control('PUT', 'stale', { maxMs: 500, probability: 0.2 });
  for (const { probability, fault } of [
    { probability: 0.01, fault: { kind: 'status', status: 503 } },
    { probability: 0.004, fault: { kind: 'status', status: 429, headers: { 'Retry-After': '1' } } },
    { probability: 0.004, fault: { kind: 'cut' } },
  ]) {
    await world.control('POST', 'faults', { probability, fault });
  }
}

async function endTrouble(world: SourceWorld, gate: WebhookGate): Promise<void> {
  gate.endSubscription();
  await world.control('PUT', 'stale', { maxMs: 0 });
  await world.control('DELETE', 'faults', {});
}

/** Waits for the next runs to start by themselves and for the inbox; then one delta and one reconciliation for each entity. */
async function settle(
  db: Knex,
  client: Client,
  place: Place,
  { patience, onProgress }: SoakOptions,
  brokenUntil: number,
  targets: readonly Target[],
): Promise<void> {
  await until('the server is ready', patience, async () => {
    const response = await fetch(`${place.serverUrl}/readyz`);
    return ((await response.json()) as { status: string }).status === 'ready';
  });
  await until('every schedule has had a run that succeeded after the last fault', patience, async () => {
    const { missing } = await scheduledSince(db, brokenUntil);
    if (missing.length > 0) throw new Error(missing.join(', '));
    return true;
  });
  await until('the inbox is empty', patience, async () => {
    const { rows } = await db.raw('select count(*)::int as open from tidemark.inbox where done_at is null');
    if (rows[0].open > 0) throw new Error(`${rows[0].open} events are open`);
    return true;
  });
  onProgress('the schedules have had their runs, and the inbox is empty');
  for await (const { scheduleId } of client.schedule.list()) {
    if (scheduleId.startsWith(ids.schedulePrefix)) await client.schedule.getHandle(scheduleId).pause('the soak ends');
  }
  for (const target of targets) {
    const { entity } = target;
    await succeeds(`a delta of ${entity}`, patience, () =>
      startWorkflow({ db, client }, delta, { ...target, trigger: 'cli' }),
    );
    await succeeds(`a reconciliation of ${entity}`, patience, () =>
      startWorkflow({ db, client }, reconciliation, { ...target, trigger: 'cli' }),
    );
  }
  await until('no run is on', patience, async () => {
    const running = await whatRuns(db, client);
    if (running.length > 0) throw new Error(running.join(', '));
    return true;
  });
}

/** Has one run of its own succeed; one that is on already is waited for first. */
async function succeeds(
  what: string,
  patience: number,
  start: () => Promise<{ result(): Promise<{ outcome: string }> }>,
): Promise<void> {
  await until(what, patience, async () => {
    try {
      const { outcome } = await (await start()).result();
      if (outcome !== 'already-running' && outcome !== 'succeeded') throw new Error(`it ended as ${outcome}`);
      return outcome === 'succeeded';
    } catch (error) {
      if (error instanceof TidemarkError && error.type === 'AlreadyRunning') return false;
      throw error;
    }
  });
}

/** What Postgres or Temporal call running. */
async function whatRuns(db: Knex, client: Client): Promise<string[]> {
  const { rows } = await db.raw(
    `select format('run %s, %s of %s', id, strategy, entity) as name from tidemark.runs where status = 'running'`,
  );
  const running: string[] = rows.map(({ name }: { name: string }) => name);
  for await (const { workflowId } of client.workflow.list({ query: `ExecutionStatus = 'Running'` })) {
    if (workflowId.startsWith('tidemark/')) running.push(`workflow ${workflowId}`);
  }
  return running;
}

function seconds(since: number): number {
  return Math.round((Date.now() - since) / 1000);
}
