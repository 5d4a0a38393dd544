import { z } from 'zod';
import { listRuns, type Run } from '../../../destination/runs/runs';
import { mapLimited } from '../../mapLimited';
import { checkDatabase, checkTemporal } from '../../operations/doctor/doctor';
import { readRun } from '../../operations/runDetails';
import { readStatus } from '../../operations/status';
import { assertNames } from '../../operations/targets';
import { stateOf } from '../../temporal/runState';
import { type Operation, operation } from '../operation';
import { filter, number, pageSize, run, runDetails, status } from '../shapes';
import type { ApiContext } from './context';

/** What can be looked at: how everything stands, runs, and whether all is well around them. */
export function lookOperations(context: ApiContext): Operation[] {
  const { db, client, connectors, taskQueue, ring, temporalAddress } = context;
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
      perform: async ({ query }) => {
        await assertNames(db, connectors, query);
        return readStatus(db, connectors, client, { connectionId: query.connection, entity: query.entity });
      },
    }),
    operation({
      method: 'GET',
      path: '/api/runs',
      summary: 'Runs, newest first',
      query: filter.extend({ limit: pageSize.default(20) }),
      answer: z.strictObject({ runs: z.array(run) }),
      perform: async ({ query: { limit, ...which } }) => {
        await assertNames(db, connectors, which);
        const { connection: connectionId, entity } = which;
        return { runs: await mapLimited(await listRuns(db, { connectionId, entity, limit }), 20, withState) };
      },
    }),
    operation({
      method: 'GET',
      path: '/api/runs/{run}',
      summary: 'One run: counts, pages, durations, errors, its plan and what it deleted',
      params: z.strictObject({ run: number }),
      query: z.strictObject({
        deleted: z.coerce.number().int().min(0).max(100_000).default(20).describe('how many ids of deleted rows'),
      }),
      answer: runDetails,
      perform: ({ params, query }) =>
        readRun({ db, client: async () => client }, params.run, { deletedIds: query.deleted }),
    }),
    operation({
      method: 'GET',
      path: '/api/doctor',
      summary: 'Whether PostgreSQL, Temporal, workers, schedules, keys and the clock are well, and what to do',
      details: 'Changes nothing. For load balancers there is `/readyz`, which needs no key.',
      answer: z.strictObject({
        ok: z.boolean(),
        checkups: z.array(
          z.strictObject({ name: z.string(), ok: z.boolean(), found: z.string(), fix: z.string().nullable() }),
        ),
      }),
      perform: async () => {
        const database = await checkDatabase(db, () => ring, connectors);
        const usable = database.every(({ name, ok }) => ok || !['PostgreSQL', 'schema'].includes(name));
        const temporal = { client, address: temporalAddress };
        const servers = await checkTemporal(temporal, usable ? db : undefined, connectors, taskQueue);
        const checkups = [...database, ...servers];
        return { ok: checkups.every(({ ok }) => ok), checkups };
      },
    }),
  ];
}
