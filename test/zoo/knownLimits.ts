import type { Plan, World } from './world';

/** Something that the engine cannot do yet: kept out of what is drawn, until the fix for it is there. */
export interface KnownLimit {
  readonly reason: string;
  readonly avoid: (plan: Plan) => Plan;
}

const inWorld = (change: (world: World) => Partial<World>) => (plan: Plan) => ({
  ...plan,
  world: { ...plan.world, ...change(plan.world) },
});

export const knownLimits: readonly KnownLimit[] = [
  {
    reason: 'a deleted record that is answered as the one it was merged into stays live',
    avoid: inWorld(({ one }) =>
      one?.deletion === 'merged' || one?.deletion === 'moved' ? { one: { ...one, deletion: '404' } } : {},
    ),
  },
  {
    reason: 'a gone record whose id is a step through a path fails every reconciliation',
    avoid: inWorld(({ ids }) => (ids === 'dots' ? { ids: 'slashes' } : {})),
  },
  {
    reason: 'probe takes it for a mistake that a source has no version',
    avoid: (plan) => ({ ...plan, probed: plan.probed && plan.world.version !== 'none' }),
  },
  {
    reason: 'probe asks a strict filter from the very time of a record, and misses the record',
    avoid: (plan) => ({ ...plan, probed: plan.probed && plan.world.changes?.boundary !== 'exclusive' }),
  },
  {
    reason: 'probe takes a short page that an empty one follows for a page that was cut',
    avoid: (plan) => ({ ...plan, probed: plan.probed && !plan.world.emptyLast }),
  },
];

/** The plan without what is known not to work. */
export const withoutKnownLimits = (plan: Plan): Plan => knownLimits.reduce((so, { avoid }) => avoid(so), plan);
