import fc from 'fast-check';
import { z } from 'zod';
import type { ProbeFinding } from '../../schema/definition/checks';
import { defineConnector } from '../../schema/definition/connector';
import { createSourceClient } from '../../source/client';
import { atEnd } from '../environment';
import { openBudget, testClock } from '../support/sources/httpSource';
import { definitionOf } from './definition';
import { changesAtSource, worlds } from './draw';
import { flawsOf, mayMention } from './flaws';
import { startZooServer, type ZooServer, ZooSource } from './source';
import type { Change, World } from './world';

/** Probes ask sources of the zoo without any engine around them: so many more can be asked. */
const sources = Number(process.env.TIDEMARK_PROBED_SOURCES ?? 250);
const seed = Number(process.env.TIDEMARK_ZOO_SEED ?? 20261127);
/** On a machine that is busy with other things, fewer are asked. */
const timeLimitMs = 20_000;

let server: ZooServer;
beforeAll(async () => {
  server = await startZooServer();
  atEnd(() => server.close());
});

let opened = 0;

/** What a probe finds against the definition of this source, after these changes; `deleted`: what the table has as deleted. */
async function contradictions(world: World, changes: readonly Change[]): Promise<readonly ProbeFinding[]> {
  const name = `p${++opened}`;
  const source = new ZooSource(world, `/${name}`);
  server.sources.set(name, source);
  for (const change of changes) source.store.apply(change);
  const { partitions, deleted } = source.store;
  const entity = definitionOf(world, name, partitions);
  const client = createSourceClient({
    connector: defineConnector({
      name: 'zoo',
      settings: z.object({ baseUrl: z.url() }),
      secrets: z.object({}),
      auth: { scheme: 'none' },
      entities: [entity],
    }),
    connection: { id: name, settings: { baseUrl: `${server.url}/${name}` }, timeZone: 'UTC' },
    secrets: {},
    budget: openBudget(),
    clock: testClock,
  });
  const { findings } = await client.probe(entity, {
    partition: world.partitions > 1 ? (partitions[0] ?? '') : '',
    deleted: [...deleted.values()].slice(0, 3).map(({ record }) => record.id),
    signal: new AbortController().signal,
  });
  server.sources.delete(name);
  return findings.filter(({ verdict }) => verdict === 'contradicts');
}

test('a probe contradicts no definition that is right', async () => {
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(worlds, changesAtSource, async (world, changes) => {
      if (flawsOf(world).length > 0) return;
      const found = await contradictions(world, changes);
      expect(found.filter((finding) => !mayMention(world, finding))).toEqual([]);
      asked += 1;
    }),
    { seed, numRuns: sources, interruptAfterTimeLimit: timeLimitMs },
  );
  expect(asked).toBeGreaterThan(0);
}, 120_000);

test('a probe finds a filter that is ignored, wherever more than one record can show it', async () => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(worlds, async (world) => {
      if (world.changes?.field !== 'ignored' || world.wrongNext) return;
      expect((await contradictions(world, [])).map(({ about }) => about)).toContain('filter');
      found += 1;
    }),
    { seed, numRuns: sources, interruptAfterTimeLimit: timeLimitMs },
  );
  expect(found).toBeGreaterThan(0);
}, 120_000);
