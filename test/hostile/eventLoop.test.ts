import { z } from 'zod';
import { createConnection } from '../../destination/connections/connections';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import type { RunResult } from '../../schema/workflows';
import { workflowNames } from '../../schema/workflows';
import { bounds } from '../../source/wire/scan';
import { atEnd } from '../environment';
import { type Engine, startEngine } from '../support/engine';
import { json, startSource } from '../support/httpSource';

/**
 * One worker, two connections: while one source sends the largest bodies that are read, the other's syncs go on. The worker
 * runs in this process, and what is measured is the processor time between two turns of its event loop, which does not
 * depend on what else the machine does.
 */
const promisedMs = 1_000;

const times = (count: number, text: string) => `[${Array(count).fill(text).join(',')}]`;
const record = (id: number | string, rest: string) =>
  `{"id":"${id}","updated_at":"2026-01-01T00:00:00Z","name":"n",${rest}}`;
const values = bounds.recordValues - 100;

/** The worst that each bound lets through. */
const bodies: Readonly<Record<string, string>> = {
  many: `{"data":[${Array.from({ length: 60_000 }, (_, id) => record(id, '"a":[{},{},{"b":[]}]')).join(',')}]}`,
  large: `{"data":[${record(1, `"text":"${'x'.repeat(bounds.recordBytes - 1_000)}"`)}]}`,
  long: `{"data":[${record(1, `"v":${times(values, '1.2345678901234567')}`)},${record(2, `"v":[${'7'.repeat(900)}]`)}]}`,
  beyond: `{"data":[${record(1, `"v":${times(4_000_000, '123456')}`)}]}`,
  deep: `{"data":[${Array.from({ length: 3_000 }, (_, id) => record(id, `"v":${'['.repeat(195)}${']'.repeat(195)}`)).join(',')}]}`,
  around: `{"data":[${record(1, '"a":1')}],"x":${times(bounds.aroundValues - 100, '{}')}}`,
  escapes: `{"data":[${Array.from({ length: 20 }, (_, id) => record(id, `"v":"${'\\u0000'.repeat(80_000)}"`)).join(',')}]}`,
};

const entityOf = (name: string) => {
  const listing = { path: `/${name}`, paging: { scheme: 'none' }, records: 'data' } as const;
  return defineEntity({
    name,
    row: z.object({ name: z.string() }),
    key: 'id',
    deltaSyncField: { name: 'updated_at', kind: 'instant' },
    map: (one) => ({ name: String(one.name) }),
    supportsWebhooks: false,
    listings: { all: listing },
  });
};

let engine: Engine;
let served = 0;

beforeAll(async () => {
  const source = await startSource((_request, response, url) => {
    const name = url.pathname.slice(1);
    if (name === 'small') served += 1;
    json(response, bodies[name] ?? `{"data":[${record(served, '"a":1')}]}`);
  });
  atEnd(() => source.close());
  const connector = defineConnector({
    name: 'acme',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [...Object.keys(bodies), 'small'].map(entityOf),
  });
  const settings = { baseUrl: source.baseUrl };
  engine = await startEngine({ connector, settings });
  await createConnection(engine.db, { id: 'beside', connector: 'acme', settings });
}, 60_000);

/** The most processor time, in milliseconds, that passed between two turns of the event loop. */
function watchTurns(): { most: number; end(): void } {
  let last = process.cpuUsage();
  let on = true;
  const watch = {
    most: 0,
    end: () => {
      on = false;
    },
  };
  const turn = () => {
    const { user, system } = process.cpuUsage(last);
    last = process.cpuUsage();
    watch.most = Math.max(watch.most, (user + system) / 1_000);
    if (on) setImmediate(turn);
  };
  turn();
  return watch;
}

const beside = async (): Promise<RunResult> =>
  (
    await engine.start<RunResult>(workflowNames.deltaSync, { connectionId: 'beside', entity: 'small', trigger: 'api' })
  ).result();

test.each(Object.keys(bodies))(
  '%s: no source holds the worker for longer than a second',
  async (name) => {
    const watch = watchTurns();
    const running = engine.delta(name);
    const other = await beside();
    const result = await running;
    watch.end();
    expect(other.outcome).toBe('succeeded');
    expect(result).toMatchObject({ outcome: 'succeeded' });
    expect(watch.most).toBeLessThan(promisedMs);
  },
  120_000,
);
