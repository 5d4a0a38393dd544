import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Knex } from 'knex';
import { createConnection } from '../../destination/connections/connections';
import { ensureTable } from '../../destination/rows/tables';
import { definitionOf, zooTable } from '../zoo/definition';
import { worlds } from '../zoo/draw';
import { flawsOf } from '../zoo/flaws';
import { allDifferences } from '../zoo/oracle';
import { idOf } from '../zoo/record';
import { startZooServer, ZooSource } from '../zoo/source';
import type { Change, World } from '../zoo/world';
import type { Check } from './checks';
import type { SoakOptions } from './setting';

/** An API that the zoo drew, under a connection and an entity of its own; all share one table. */
export interface GeneratedApi {
  readonly name: string;
  readonly world: World;
}

const records = 200;
/** slots for records that come and go */
const slots = 300;

/** Different APIs, by the seed: of each way to page at most one, and none that no definition fits. */
export function generatedApis({ generated, seed }: Pick<SoakOptions, 'generated' | 'seed'>): GeneratedApi[] {
  const found = new Map<World['paging'], World>();
  for (const drawn of fc.sample(worlds, { seed, numRuns: 1_000 })) {
    if (found.size === generated) break;
    // a clock that is 400 days behind is played by letting days pass, which no soak has time for
    const world: World = { ...drawn, records0: records, dated: false, webhooks: false, refusedSlot: null };
    if (world.paging !== 'none' && !found.has(world.paging) && flawsOf(world).length === 0)
      found.set(world.paging, world);
  }
  return [...found.values()].map((world, at) => ({ name: `generated${at + 1}`, world }));
}

/** The text of the config's connectors for these APIs: the definitions are made from the same plain data as the sources. */
export function connectorsText(apis: readonly GeneratedApi[], root: string): string {
  return `
import { z } from 'zod';
import { definitionOf } from ${JSON.stringify(`${root}/test/zoo/definition.ts`)};
import { defineConnector } from ${JSON.stringify(`${root}/schema/definition/connector.ts`)};

const generated = ${JSON.stringify(apis)}.map(({ name, world, partitions }) => {
  const entity = definitionOf(world, name, partitions);
  const connector = defineConnector({
    name, settings: z.object({ baseUrl: z.url() }), secrets: z.object({}), auth: { scheme: 'none' }, entities: [entity],
  });
  // all share one table
  return { ...connector, entities: new Map([[name, entity]]) };
});
`;
}

/** The generated sources while they run, in this process: it outlives all that is killed. */
export interface Generated {
  readonly port: number;
  readonly apis: readonly (GeneratedApi & { readonly partitions: readonly string[] })[];
  /** Makes table, witness and connections. `baseUrl`: what workers know as the server. */
  prepare(db: Knex, baseUrl: string, options: Pick<SoakOptions, 'deltaEvery' | 'reconciliationEvery'>): Promise<void>;
  /** Changes the sources until the returned function is called. */
  load(random: () => number): () => Promise<void>;
  readonly changes: number;
  /** Compares while nothing changes; rows by API. */
  check(db: Knex): Promise<{ readonly checks: readonly Check[]; readonly rows: Readonly<Record<string, number>> }>;
  close(): Promise<void>;
}

export async function startGenerated(options: Pick<SoakOptions, 'generated' | 'seed'>): Promise<Generated> {
  const server = await startZooServer();
  const sources = new Map<string, ZooSource>();
  const apis = generatedApis(options).map(({ name, world }) => {
    const source = new ZooSource(world, `/${name}`);
    sources.set(name, source);
    server.sources.set(name, source);
    return { name, world, partitions: source.store.partitions };
  });
  /** ids that were ever deleted, by API */
  const deleted = new Map(apis.map(({ name }) => [name, new Set<string>()]));
  const generated = {
    port: Number(new URL(server.url).port),
    apis,
    changes: 0,
    close: () => server.close(),
    async prepare(
      db: Knex,
      baseUrl: string,
      { deltaEvery, reconciliationEvery }: Pick<SoakOptions, 'deltaEvery' | 'reconciliationEvery'>,
    ) {
      for (const { name, world, partitions } of apis) {
        await ensureTable(db, definitionOf(world, name, partitions));
        const every = {
          delta: { every: `${2 * deltaEvery}s` },
          reconciliation: { every: `${2 * reconciliationEvery}s` },
        };
        await createConnection(db, {
          id: name,
          connector: name,
          settings: { baseUrl: `${baseUrl}/${name}` },
          schedules: { [name]: every },
        });
      }
      if (apis.length === 0) return;
      await db.raw(/* sql */ `
        create table soak.generated_deletions (name text not null, id text not null);
        create function soak.note_generated_deletion() returns trigger language plpgsql as $$
          begin insert into soak.generated_deletions values (new.connection_id, new.external_id); return new; end $$;
        create trigger soak after update on ${zooTable} for each row
          when (old.deleted_at is null and new.deleted_at is not null) execute function soak.note_generated_deletion()`);
    },
    load(random: () => number) {
      let over = false;
      const running = (async () => {
        for (; !over; await sleep(250)) {
          for (const { name, world } of apis) {
            const change = anyChange(random);
            if (change.do === 'delete') deleted.get(name)?.add(idOf(world.ids, change.slot));
            const source = sources.get(name);
            source?.store.apply(change);
            // the story of a soak would be too long
            source?.store.log.splice(0);
            generated.changes += 1;
          }
        }
      })();
      return async () => {
        over = true;
        await running;
      };
    },
    async check(db: Knex) {
      const contradictions: string[] = [];
      const rows: Record<string, number> = {};
      for (const { name, world } of apis) {
        const store = sources.get(name)?.store;
        if (store === undefined) continue;
        contradictions.push(...(await allDifferences(db, name, store)).map((one) => `${name}: ${one}`));
        rows[`${name}, ${described(world)}`] = store.records.size;
      }
      const found = apis.length === 0 ? { rows: [] } : await db.raw('select name, id from soak.generated_deletions');
      const wrong = (found.rows as { name: string; id: string }[]).filter(
        ({ name, id }) => !deleted.get(name)?.has(id),
      );
      return {
        rows,
        checks: [
          { name: 'the rows of the generated APIs equal their sources, value by value', contradictions },
          {
            name: 'no record that a generated API always had was ever soft-deleted',
            contradictions: wrong.map(({ name, id }) => `${name} ${id}`),
          },
        ],
      };
    },
  };
  return generated;
}

/** What makes an API different, in a few words. */
function described(world: World): string {
  const { paging, version, numbers, charset, compression, partitions } = world;
  const words = [`paged by ${paging}`, `version ${version}`, numbers, charset, compression, `${partitions} partitions`];
  return words.join(', ');
}

function anyChange(random: () => number): Change {
  const slot = Math.floor(random() * slots);
  const dice = random();
  if (dice < 0.5) return { do: 'update', slot };
  if (dice < 0.65) return { do: 'create', slot };
  if (dice < 0.8) return { do: 'delete', slot };
  if (dice < 0.9) return { do: 'move', slot };
  return { do: 'updateMany', slot, count: 8 };
}
