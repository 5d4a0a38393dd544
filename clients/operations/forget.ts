import { operation } from './definition/operation';
import { target } from './definition/schemas';
import { recordOf } from './definition/targetFields';

export const forget = operation({
  name: 'forget',
  effect: 'change',
  summary: 'erase one record from everything that is kept: its row with raw, set-aside payloads, webhook bodies, plans',
  details:
    'It cannot be undone. The audit notes that a record was erased and why, but neither its id nor a hash of it: leave both out of the ' +
    'reason. The id alone is kept for a day, so that requests already under way do not write the record again. Nothing is suppressed: ' +
    'delete the record at the source first, or the next sync brings it back.',
  examples: ['demo people 10000001 --reason "erasure request of 3 March"'],
  input: recordOf,
  result: (z) =>
    z.object({
      ...target(z),
      erased: z.object({
        rows: z.int().describe("rows of the entity's table: 1 or 0"),
        setAside: z.int(),
        events: z.int().describe('webhook events about it, with their bodies'),
        sharedDeliveries: z
          .int()
          .describe('events about other records that came in the same deliveries: their bodies were emptied'),
        answers: z.int().describe('entries of the trace of answers'),
        planItems: z.int().describe('its places in plans'),
        files: z.int().describe('imported files of the entity that were kept still'),
        audits: z.int().describe('audits of earlier changes, from which its id was removed'),
      }),
      withoutKey: z.int().describe('set-aside records whose key could not be read: they may be about the same person'),
      warnings: z.array(z.string()).describe('what is not erased'),
    }),
  run: () => import('./work/forget.js').then(({ forgetOne }) => forgetOne),
});
