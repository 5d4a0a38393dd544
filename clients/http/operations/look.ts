import { z } from 'zod';
import { listConnections } from '../../../destination/connections';
import { getRun, listRuns, type Run } from '../../../destination/runs';
import { mapLimited } from '../../mapLimited';
import { stateOf } from '../../runState';
import { readStatus } from '../../status';
import { type Operation, operation } from '../operation';
import { connection, filter, number, run, status } from '../shapes';
import type { ApiContext } from './context';

/** What can be looked at: how everything stands, runs, connections. */
export function lookOperations({ db, client, connectors }: ApiContext): Operation[] {
  /** A run that says "running" after its lease has passed is told as what became of it. */
  const withState = async (one: Run) => ({
    ...one,
    state: one.leaseExpired ? await stateOf({ db, client }, one) : one.status,
  });

  return [
    operation({
      method: 'GET',
      path: '/api/status',
      summary: 'How every entity of every connection stands',
      query: filter,
      answer: status,
      perform: ({ query }) =>
        readStatus(db, connectors, client, { connectionId: query.connection, entity: query.entity }),
    }),
    operation({
      method: 'GET',
      path: '/api/runs',
      summary: 'Runs, newest first',
      query: filter.extend({ limit: z.coerce.number().int().min(1).max(1_000).default(20) }),
      answer: z.strictObject({ runs: z.array(run) }),
      perform: async ({ query: { connection: connectionId, entity, limit } }) => ({
        runs: await mapLimited(await listRuns(db, { connectionId, entity, limit }), 20, withState),
      }),
    }),
    operation({
      method: 'GET',
      path: '/api/runs/{run}',
      summary: 'One run',
      params: z.strictObject({ run: number }),
      answer: run,
      perform: async ({ params }) => withState(await getRun(db, params.run)),
    }),
    operation({
      method: 'GET',
      path: '/api/connections',
      summary: 'The connections, without their secrets',
      answer: z.strictObject({ connections: z.array(connection) }),
      perform: async () => ({ connections: await listConnections(db) }),
    }),
  ];
}
