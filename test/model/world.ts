import type { Knex } from 'knex';
import pino from 'pino';
import { createActivities } from '../../activities';
import { noMetrics } from '../../activities/metrics';
import { createConnection } from '../../destination/connections/connections';
import { keyRing, saveSecrets } from '../../destination/connections/secrets';
import { connectDatabase } from '../../destination/database/database';
import { ensureTable } from '../../destination/rows/tables';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { atEnd, testDatabase } from '../environment';
import { Flows } from './flows';
import { Scheduler } from './scheduler';
import { modelConnector } from './shapes';
import { ModelServer } from './source';
import { Timeline } from './timeline';

/** What all histories of one test file share: a database with its own time, an API, and the engine's own activities. */
export interface World {
  readonly db: Knex;
  readonly timeline: Timeline;
  readonly scheduler: Scheduler;
  readonly flows: Flows;
  readonly server: ModelServer;
  /** a connection of its own for each history, so that nothing needs to be emptied between two of them */
  newConnection(): Promise<string>;
}

export function entityOf(shape: string): ConnectorEntity {
  const entity = modelConnector.entities.get(shape);
  if (!entity) throw new Error(`the model has no entity ${shape}`);
  return entity;
}

export async function createWorld(): Promise<World> {
  const { url } = await testDatabase();
  const timeline = await Timeline.install(url);
  const scheduler = new Scheduler(timeline);
  const flows = new Flows(scheduler, timeline);
  const server = new ModelServer(scheduler, timeline);
  const db = connectDatabase(url, { poolSize: 60 });
  const baseUrl = await server.listen();
  atEnd(async () => {
    scheduler.uninstall();
    await server.close();
    await db.destroy();
    await timeline.close();
  });
  const ring = keyRing('cd'.repeat(32));
  flows.activities = createActivities({
    db,
    clock: timeline.clock,
    keyRing: ring,
    taskQueue: 'model',
    connectors: new Map([[modelConnector.name, modelConnector]]),
    temporal: flows.client,
    log: pino({ level: 'silent' }),
    metrics: noMetrics,
    giveUpAfterMs: 3_600_000,
  });
  for (const entity of modelConnector.entities.values()) await ensureTable(db, entity);
  scheduler.install();
  let connections = 0;
  return {
    db,
    timeline,
    scheduler,
    flows,
    server,
    async newConnection() {
      const id = `c${++connections}`;
      await createConnection(db, { id, connector: modelConnector.name, settings: { baseUrl } });
      await saveSecrets(db, ring, id, { hook: 'hook' });
      return id;
    },
  };
}
