import type { Z } from './definition/fields';
import { field } from './definition/fields';
import { operation } from './definition/operation';
import { coverage, instant, run, target, waitingPlan } from './definition/schemas';
import { filter } from './definition/targetFields';

export const status = operation({
  name: 'status',
  effect: 'look',
  summary: 'show the status of every entity: rows, lag, last and next runs, what needs attention',
  details: 'Reads PostgreSQL. Asks Temporal only where a run is recorded as running, and with --next.',
  examples: ['', 'demo people --next', '--json'],
  input: { ...filter, next: field.flag('ask Temporal when each schedule fires next') },
  result: (z) =>
    z.object({
      at: instant(z).describe("when this was true, in PostgreSQL's time"),
      temporal: z
        .object({ reachable: z.boolean(), error: z.string().nullable() })
        .nullable()
        .describe('null: Temporal was not asked. Without it, runs whose lease has expired are `unknown`'),
      connections: z.array(
        z.object({
          id: z.string(),
          connector: z.string(),
          registered: z
            .boolean()
            .describe('false: tidemark.config.ts does not register its connector, so nothing runs'),
          enabled: z.boolean(),
          needsCredentials: z
            .object({ since: instant(z), because: z.string().describe('what the source said, without secrets') })
            .nullable()
            .describe('nothing is synced, since the source accepts none of the credentials; null: it does'),
          timeZone: z.string(),
          unreadable: z.int().describe('webhook deliveries that the connector could not read'),
          wait: z
            .object({ until: instant(z), because: z.string().describe('which response said so') })
            .nullable()
            .describe(
              'no worker sends this source a request until then, since it asked to wait; null: it may be asked',
            ),
          entities: z.array(entityStatus(z)),
        }),
      ),
    }),
  run: () => import('./work/status.js').then(({ showStatus }) => showStatus),
});

function entityStatus(z: Z) {
  const count = () => z.int().min(0);
  return z.object({
    ...target(z),
    table: z.string(),
    cursor: instant(z).nullable(),
    lagMs: z.number().nullable(),
    deletionsUnknownSince: instant(z)
      .nullable()
      .describe('the source had forgotten a token: what was deleted since then is unknown until a reconciliation'),
    rows: z
      .object({ live: count(), deleted: count(), disputed: count() })
      .nullable()
      .describe('null until the table exists'),
    setAside: count(),
    inbox: z.object({ open: count(), oldest: instant(z).nullable(), parked: count() }),
    plansWaiting: z.array(waitingPlan(z)),
    proved: z
      .object({
        at: instant(z),
        differences: count().describe('rows that it found missing, stale or gone, and corrected'),
        unjudged: z.record(z.string(), count()).describe('rows that it could not judge, by reason'),
        coverage: coverage(z).nullable().describe('what it compared; null: everything'),
      })
      .nullable()
      .describe('the last reconciliation that compared the whole table'),
    unread: z
      .object({
        counts: z.record(z.string(), count()).describe('by verdict: `gone`, `not-served`, `refused`, `failed`'),
        some: z
          .array(
            z.object({
              partition: z.string(),
              verdict: z.enum(['gone', 'not-served', 'refused', 'failed']),
              detail: z.string().describe('the response that says so'),
              since: instant(z),
            }),
          )
          .describe('at most 5 of them'),
      })
      .nullable()
      .describe('partitions whose list the last run could not read; null: none'),
    owed: z
      .record(z.string(), z.string())
      .describe('columns added since rows were read, each with the instant since when'),
    keepsRaw: z.boolean().describe('false: only reading again fills a new column'),
    delta: strategyStatus(z),
    reconciliation: strategyStatus(z),
  });
}

function strategyStatus(z: Z) {
  return z.object({
    lastRun: run(z).extend({ pagesSoFar: z.int(), recordsSoFar: z.int() }).nullable(),
    next: instant(z)
      .nullable()
      .describe('when its schedule fires next; null: it has none, is paused, or Temporal was not asked'),
    paused: z.boolean(),
    pausedBecause: z.string().nullable().describe('why an operator has paused it'),
  });
}
