import { z } from 'zod';
import { recordIdInput, targetInput } from '../../operations/context';
import { lookAt, mostPatienceSeconds } from '../../operations/explain/askSource';
import { explain } from '../../operations/explain/explain';
import { forget, forgetInput } from '../../operations/forget';
import { findTarget } from '../../operations/targets';
import { type Operation, operation } from '../operation';
import { moment, targetAnswer } from '../shapes';
import { byOf, byShape } from './by';
import type { ApiContext } from './context';

const one = targetInput.extend({ id: recordIdInput.describe("the record's id at the source") });
const seconds = z.coerce.number().int().min(1).max(mostPatienceSeconds);

/** Single records: the row of one, its story, and erasing it. */
export function recordOperations(context: ApiContext): Operation[] {
  const { db, connectors } = context;
  return [
    operation({
      method: 'GET',
      path: '/api/explain',
      summary: 'The whole story of one record, and the verdict',
      details:
        'A worker asks the source, which can take a while: `wait` bounds it, `source=false` leaves it out. What is kept here is told ' +
        'in any case; `leftOut` says what is not.',
      query: one.extend({
        source: z
          .enum(['true', 'false'])
          .transform((text) => text === 'true')
          .default(true)
          .describe('whether the source is asked'),
        wait: seconds.default(20).describe('seconds to wait for what the source says'),
      }),
      answer: z.looseObject({
        ...targetAnswer,
        id: z.string(),
        verdict: z.strictObject({
          right: z.boolean().nullable().describe('null: nobody can tell'),
          sentence: z.string(),
        }),
        story: z.array(z.strictObject({ at: moment, about: z.string(), text: z.string() })),
        source: z.looseObject({ says: z.string(), detail: z.string() }),
        leftOut: z.string().nullable(),
      }),
      perform: async ({ query: { connection, entity, id, source, wait } }) => {
        const target = await findTarget(db, connectors, connection, entity);
        const now = source
          ? await lookAt(context, { connectionId: connection, entity: target.entity, id }, wait)
          : { says: 'not-asked' as const, detail: 'source=false' };
        const leftOut = now.says === 'not-asked' ? `what the source says now: ${now.detail}` : null;
        return { ...(await explain(db, target, id, now)), leftOut };
      },
    }),
    operation({
      method: 'POST',
      path: '/api/forget',
      summary: 'Erase one record from everything that is kept here',
      details: 'What the source still has is written again when it is read again.',
      body: forgetInput.extend(byShape),
      answer: z.strictObject({
        ...targetAnswer,
        erased: z.record(z.string(), z.int()),
        withoutKey: z.int(),
        warnings: z.array(z.string()),
      }),
      perform: ({ body: { reason, by, ...input } }) => forget(context, input, byOf({ reason, by })),
    }),
  ];
}
