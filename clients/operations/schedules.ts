import { strategies } from '../../schema/workflows';
import { argument, field, optional, type Z } from './definition/fields';
import { operation } from './definition/operation';
import { agreed, agreedOrLater, instant, target } from './definition/schemas';
import { filter } from './definition/targetFields';

/** What is left out means all of them. */
const which = {
  connection: argument(field.name('the name of a connection')),
  entity: optional(argument(field.name('only of this entity'))),
  strategy: optional(field.oneOf('only this strategy', strategies, strategies.join('|'))),
};

export const schedulesList = operation({
  name: 'schedules list',
  effect: 'look',
  summary: 'list schedules: when each fires next, and whether Temporal has it as the database wants it',
  details: 'Exit status 1 when they disagree.',
  examples: ['', 'demo', '--json'],
  input: filter,
  result: (z) =>
    z.object({
      schedules: z.array(
        z.object({
          id: z.string(),
          connectionId: z.string().nullable().describe('null for the sweep, and for the rest of a removed connection'),
          entity: z.string().nullable(),
          strategy: z.enum([...strategies, 'sweep']).nullable(),
          agreement: z
            .enum(['agrees', 'missing', 'differs', 'orphan'])
            .describe('`missing`: Temporal does not have it; `orphan`: no connection wants it'),
          paused: z.boolean().describe('as Temporal has it'),
          pausedBecause: z.string().nullable().describe('why it should be paused; null where it should run'),
          next: instant(z).nullable().describe('when it fires next; null where it is paused or missing'),
        }),
      ),
    }),
  run: () => import('./work/schedules.js').then(({ listSchedules }) => listSchedules),
});

const changed = (z: Z) =>
  z.object({
    schedules: z.array(
      z.object({
        ...target(z),
        strategy: z.enum(strategies),
        pausedBecause: z.string().nullable().describe('null: it fires'),
      }),
    ),
    ...agreedOrLater(z),
  });

export const schedulesPause = operation({
  name: 'schedules pause',
  effect: 'change',
  summary: 'pause schedules of a connection until they are resumed',
  details:
    'Running runs continue; sync and reconcile still start runs; webhooks are still processed. Status shows the reason.',
  examples: ['demo --reason "they migrate"', 'demo people --strategy delta --reason "too costly by day"'],
  input: which,
  result: changed,
  run: () => import('./work/schedules.js').then(({ pause }) => pause),
});

export const schedulesResume = operation({
  name: 'schedules resume',
  effect: 'change',
  summary: 'resume paused schedules of a connection',
  examples: ['demo', 'demo people --strategy delta'],
  usualReason: 'the pause is over',
  input: which,
  result: changed,
  run: () => import('./work/schedules.js').then(({ resume }) => resume),
});

export const schedulesRepair = operation({
  name: 'schedules repair',
  effect: 'change',
  summary: "make Temporal's schedules agree with the database",
  details:
    'Creates missing schedules, changes back what was changed by hand in Temporal, removes orphans. A server does the same when it starts.',
  examples: ['--reason "Temporal was restored from a backup"', '--json'],
  usualReason: 'no reason given',
  input: {},
  result: (z) => z.object(agreed(z)),
  run: () => import('./work/schedules.js').then(({ repair }) => repair),
});
