import type { Knex } from 'knex';
import { z } from 'zod';
import { readyContext } from '../../clients/operations/definition/context';
import { createDispatcher } from '../../clients/webhooks/dispatch';
import { createConnection } from '../../destination/connections/connections';
import { connectDatabase } from '../../destination/database/database';
import { ensureTable } from '../../destination/rows/tables';
import { type Connector, defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import { atEnd } from '../environment';
import { failureType } from '../invariants/support';
import { type Engine, startEngine } from '../support/engine';
import { Deaths } from './deaths';
import { definitionOf } from './definition';
import { endingWaits } from './endingWaits';
import { failingDatabase, oracleName } from './failingDatabase';
import { idOf } from './record';
import { startZooServer, type ZooServer, ZooSource } from './source';
import { Webhooks } from './webhooks';
import { plain, type World } from './world';

/** What became of a workflow: its result, or the stable type and the message of its failure. */
export type Ended<T> =
  | { readonly failed: false; readonly result: T }
  | { readonly failed: true; readonly type: string; readonly message: string };

/** One source of the zoo, its connection, and what can be done to them. */
export interface Habitat {
  readonly source: ZooSource;
  readonly connectionId: string;
  readonly entity: string;
  /** Runs a workflow about it to its end. */
  execute<T>(workflow: string, input?: object): Promise<Ended<T>>;
  /** Of the activities from here on, those with these numbers are done without Temporal hearing of it. */
  loseResults(of: readonly number[]): void;
  /** Ends the long waits that the source asks for, until the returned function is called. */
  endWaits(): () => Promise<void>;
  /** Late events come, and whatever goes on ends: events, attempts thought dead. */
  settle(): Promise<void>;
  leave(): void;
}

/** One engine for many sources, each with a connection and an entity of its own. */
export interface Zoo {
  readonly engine: Engine;
  /** sessions that survive whatever the zoo does to its database */
  readonly db: Knex;
  open(world: World): Promise<Habitat>;
}

/** The definition of a source is registered when it is opened: the worker looks entities up in this very map. */
type Entities = Map<string, Connector['entities'] extends ReadonlyMap<string, infer E> ? E : never>;

export async function openZoo(): Promise<Zoo> {
  const server: ZooServer = await startZooServer();
  atEnd(() => server.close());
  const connector = defineConnector({
    name: 'zoo',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [nothing],
  });
  const deaths = new Deaths();
  const engine = await startEngine({
    connector,
    settings: { baseUrl: `${server.url}/none` },
    worker: { activityInterceptors: [deaths.interceptors] },
  });
  const db = connectDatabase(engine.database.url, { applicationName: oracleName });
  atEnd(() => db.destroy());
  await ensureTable(db, definitionOf(plain, 'none', []));
  const database = await failingDatabase(db);
  const { temporal, taskQueue } = engine;
  const log = { warn: () => undefined, info: () => undefined };
  const dispatcher = createDispatcher({ db, client: temporal.client, taskQueue, log, coverEveryMs: 2_000 });
  atEnd(() => dispatcher.close());
  const operator = readyContext({ db, connectors: [connector], client: temporal.client, taskQueue });
  const entities = connector.entities as Entities;
  let opened = 0;
  return {
    engine,
    db,
    async open(world) {
      opened += 1;
      const name = `w${opened}`;
      const source = new ZooSource(world, `/${name}`, {
        killAttempts: () => deaths.kill(name),
        loseConnections: () => database.loseConnections(),
        refuseBatches: (code) => database.refuseBatches(name, code),
      });
      server.sources.set(name, source);
      const entity = definitionOf(world, name, source.store.partitions);
      entities.set(name, entity);
      deaths.expect(name, []);
      if (world.refusedSlot !== null) await database.refuseRecord(name, idOf(world.ids, world.refusedSlot));
      const webhooks = new Webhooks(db, dispatcher, name, entity);
      if (world.webhooks) source.store.tell = (id) => webhooks.tell(id);
      await createConnection(db, {
        id: name,
        connector: connector.name,
        settings: { baseUrl: `${server.url}/${name}` },
      });
      return {
        source,
        connectionId: name,
        entity: name,
        execute: async <T>(workflow: string, input: object = {}) => {
          const target = { connectionId: name, entity: name, trigger: 'api' };
          try {
            const handle = await engine.start<T>(workflow, { ...target, ...input });
            return { failed: false, result: (await handle.result()) as T };
          } catch (error) {
            return { failed: true, type: failureType(error) ?? 'unknown', message: deepest(error) };
          }
        },
        loseResults: (of) => deaths.expect(name, of),
        endWaits: () => endingWaits(operator, name),
        async settle() {
          await webhooks.settle();
          await deaths.settled(name);
        },
        leave: () => {
          deaths.forget(name);
          server.sources.delete(name);
          entities.delete(name);
        },
      };
    },
  };
}

function deepest(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof Error && error.cause ? deepest(error.cause) : message;
}

const nothing = defineEntity({
  name: 'nothing',
  row: z.object({ name: z.string() }),
  key: 'id',
  deltaSyncField: { name: 'version', kind: 'opaque' },
  map: () => ({ name: '' }),
  listings: { all: { path: '/all', paging: { scheme: 'none' } } },
  supportsWebhooks: false,
});
