import { z } from 'zod';
import { strategies } from '../../../schema/workflows';
import { name } from '../../operations/context';
import { changeSchedules, showSchedules } from '../../operations/schedules';
import { agreeWithDatabase } from '../../schedules/agreeWithDatabase';
import { type Operation, operation } from '../operation';
import { filter, moment } from '../shapes';
import { byOf, byShape } from './by';
import type { ApiContext } from './context';

const about = { connectionId: z.string(), entity: z.string() };
const pause = z.strictObject({
  connection: name,
  entity: name.optional(),
  strategy: z.enum(strategies).optional(),
  ...byShape,
});
const delayed = { delayedBecause: z.string().nullable().describe('why Temporal does not know of it yet') };
const changed = z.looseObject({ schedules: z.array(z.looseObject({ ...about, strategy: z.string() })), ...delayed });

/** Schedules. */
export function careOperations(context: ApiContext): Operation[] {
  const changing = (paused: boolean) => (request: { readonly body: z.output<typeof pause> }) => {
    const { reason, by, ...which } = request.body;
    return changeSchedules(context, which, paused, byOf({ reason, by }));
  };
  return [
    operation({
      method: 'GET',
      path: '/api/schedules',
      summary: 'Schedules, as the database wants them and as Temporal has them',
      query: filter,
      answer: z.strictObject({
        schedules: z.array(
          z.looseObject({ id: z.string(), agreement: z.string(), paused: z.boolean(), next: moment.nullable() }),
        ),
      }),
      perform: async ({ query }) => ({ schedules: await showSchedules(context, query) }),
    }),
    operation({
      method: 'POST',
      path: '/api/schedules/pause',
      summary: 'Pause schedules until they are resumed',
      body: pause,
      answer: changed,
      perform: changing(true),
    }),
    operation({
      method: 'POST',
      path: '/api/schedules/resume',
      summary: 'Resume paused schedules',
      body: pause,
      answer: changed,
      perform: changing(false),
    }),
    operation({
      method: 'POST',
      path: '/api/schedules/repair',
      summary: 'Make Temporal agree with the database',
      answer: z.looseObject({}),
      perform: () =>
        agreeWithDatabase(context.db, context.client, context.connectors, { taskQueue: context.taskQueue }),
    }),
  ];
}
