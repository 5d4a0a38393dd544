import { z } from 'zod';
import { createConnection } from '../../destination/connections/connections';
import { type Connector, defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import { atEnd } from '../environment';
import { failureType } from '../invariants/support';
import { type Engine, startEngine } from '../support/engine';
import { definitionOf } from './definition';
import { startZooServer, type ZooServer, ZooSource } from './source';
import type { World } from './world';

/** What became of a workflow: its result, or the stable type and the message of its failure. */
export type Ended<T> =
  | { readonly failed: false; readonly result: T }
  | { readonly failed: true; readonly type: string; readonly message: string };

/** One source of the zoo and its connection. */
export interface Habitat {
  readonly source: ZooSource;
  readonly connectionId: string;
  readonly entity: string;
  /** Runs a workflow about it to its end. */
  execute<T>(workflow: string, input?: object): Promise<Ended<T>>;
  leave(): void;
}

/** One engine for many sources, each with a connection and an entity of its own. */
export interface Zoo {
  readonly engine: Engine;
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
  const engine = await startEngine({ connector, settings: { baseUrl: `${server.url}/none` } });
  const entities = connector.entities as Entities;
  let opened = 0;
  return {
    engine,
    async open(world) {
      opened += 1;
      const name = `w${opened}`;
      const source = new ZooSource(world, `/${name}`);
      server.sources.set(name, source);
      entities.set(name, definitionOf(world, name, source.store.partitions));
      await createConnection(engine.db, {
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
        leave: () => {
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
