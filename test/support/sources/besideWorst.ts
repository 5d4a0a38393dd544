import { z } from 'zod';
import { createConnection } from '../../../destination/connections/connections';
import { type Connector, defineConnector } from '../../../schema/definition/connector';
import { defineEntity } from '../../../schema/definition/entity';
import { type RunResult, workflowNames } from '../../../schema/workflows';
import { atEnd } from '../../environment';
import { connectionId, startEngine } from '../engine';
import { watchLoop } from '../loopTurns';
import { json, startSource } from './httpSource';

const list = { path: '/things', records: 'data', paging: { scheme: 'none' } } as const;
const acme: Connector = defineConnector({
  name: 'acme',
  settings: z.object({ baseUrl: z.url() }),
  secrets: z.object({}),
  auth: { scheme: 'none' },
  entities: [
    defineEntity({
      name: 'things',
      row: z.object({ name: z.string() }),
      key: 'id',
      deltaSyncField: { name: 'updated_at', kind: 'instant' },
      map: (record) => ({ name: String(record.name) }),
      supportsWebhooks: false,
      listings: { all: list, one: { path: '/things/{id}' } },
    }),
  ],
});
const quiet = 'quiet';

export interface Held {
  /** the most processor time between two turns of the worker's event loop, in milliseconds */
  readonly longestMs: number;
  /** deltas of the other connection that succeeded meanwhile */
  readonly others: number;
}

/** One worker, two connections: one source sends a body that tests choose, the other one is read again and again meanwhile. */
export async function besideWorst(): Promise<(body: string) => Promise<Held>> {
  let sent = Buffer.alloc(0);
  const worst = await startSource((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(sent);
  });
  const other = await startSource((_request, response) =>
    json(response, { data: [{ id: '1', updated_at: '2026-01-02T03:04:05Z', name: 'n' }] }),
  );
  atEnd(() => worst.close());
  atEnd(() => other.close());
  const settings = { baseUrl: worst.baseUrl };
  const engine = await startEngine({ connector: acme, settings, worker: { giveUpAfterMs: 0 } });
  await createConnection(engine.db, { id: quiet, connector: acme.name, settings: { baseUrl: other.baseUrl } });
  const deltaOf = async (connection: string) => {
    const input = { connectionId: connection, entity: 'things', trigger: 'api' };
    return (await engine.start<RunResult>(workflowNames.deltaSync, input)).result();
  };

  return async (body) => {
    sent = Buffer.from(body);
    let over = false;
    let others = 0;
    const besides = (async () => {
      while (!over) {
        expect(await deltaOf(quiet)).toMatchObject({ outcome: 'succeeded' });
        others += 1;
      }
    })();
    const loop = watchLoop();
    try {
      // whether it is read, set aside or refused is tested elsewhere
      await deltaOf(connectionId).catch(() => undefined);
    } finally {
      loop.stop();
      over = true;
      await besides;
    }
    return { longestMs: loop.longestMs(), others };
  };
}
