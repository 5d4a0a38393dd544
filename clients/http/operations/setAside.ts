import { z } from 'zod';
import { getSetAside } from '../../../destination/setAside/setAsideEntries';
import { discardEntries, findSetAside, retrySetAside, setAsideList, setAsideRetry } from '../../operations/setAside';
import { startedIds } from '../../operations/work/started';
import { type Operation, operation } from '../operation';
import { refusable } from '../problem';
import { entryNumber, moment, pageSize, started, targetAnswer } from '../shapes';
import { byOf, byShape } from './by';
import type { ApiContext } from './context';

const entry = z.strictObject({
  ...targetAnswer,
  id: z.int(),
  recordId: z.string().nullable().describe('null: its key could not be read'),
  reason: z.enum(['invalid', 'conflict', 'skipped']),
  detail: z.string(),
  runId: z.string().nullable(),
  times: z.int(),
  firstSeenAt: moment,
  lastSeenAt: moment,
  clearedAt: moment.nullable(),
  clearedBy: z.string().nullable(),
});

/** Records that could not or should not be written. */
export function setAsideOperations(context: ApiContext): Operation[] {
  const { db } = context;
  return [
    operation({
      method: 'GET',
      path: '/api/set-aside',
      summary: 'Records that could not be written, longest first',
      query: setAsideList.extend({ after: entryNumber.optional(), limit: pageSize.default(100) }),
      answer: z.strictObject({ entries: z.array(entry) }),
      perform: async ({ query }) => ({ entries: await findSetAside(context, query) }),
    }),
    operation({
      method: 'GET',
      path: '/api/set-aside/{entry}',
      summary: 'One of them with its payload, as the source sent it',
      params: z.strictObject({ entry: entryNumber }),
      answer: entry.extend({ raw: z.string().describe('JSON text; personal data') }),
      perform: ({ params }) => getSetAside(db, params.entry),
    }),
    operation({
      method: 'POST',
      path: '/api/set-aside/retry',
      summary: 'Ask the source again for records that are set aside',
      details: 'Those that can be written now clear themselves. Give either `entries` or `all`; 409 otherwise.',
      body: setAsideRetry,
      status: 202,
      answer: z.strictObject({
        started: z.array(z.strictObject({ ...targetAnswer, entries: z.array(z.int()), ...started.shape })),
        impossible: z.array(z.strictObject({ entry: z.int(), why: z.string() })),
      }),
      perform: async ({ body }) => {
        const { started, impossible } = await refusable(() => retrySetAside(context, body));
        return { started: started.map(({ workflow, ...rest }) => ({ ...rest, ...startedIds(workflow) })), impossible };
      },
    }),
    operation({
      method: 'POST',
      path: '/api/set-aside/discard',
      summary: 'Give records up that are set aside, all that are named or none',
      body: z.strictObject({ entries: z.array(z.int().min(1)).min(1).max(1_000), ...byShape }),
      answer: z.strictObject({ discarded: z.array(entry) }),
      perform: async ({ body }) => ({ discarded: await discardEntries(db, body.entries, byOf(body)) }),
    }),
  ];
}
