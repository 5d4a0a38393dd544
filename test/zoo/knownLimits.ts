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
    reason: 'decimals with more digits than a double holds are rounded',
    avoid: inWorld(({ numbers }) => (numbers === 'longDecimals' ? { numbers: 'money' } : {})),
  },
  {
    reason: 'a deleted record that is answered as the one it was merged into stays live',
    avoid: inWorld(({ one }) =>
      one?.deletion === 'merged' || one?.deletion === 'moved' ? { one: { ...one, deletion: '404' } } : {},
    ),
  },
  {
    reason: 'bytes 80 to 9F of Windows-1252 become control characters',
    avoid: inWorld(({ charset }) => (charset === 'windows-1252' ? { charset: 'iso-8859-1' } : {})),
  },
  {
    reason: 'a page behind the last that is refused fails lists of one or two records',
    avoid: inWorld(() => ({ end: 'empty' })),
  },
  {
    reason: 'a gone record whose id is a step through a path fails every reconciliation',
    avoid: inWorld(({ ids }) => (ids === 'dots' ? { ids: 'slashes' } : {})),
  },
  {
    reason: 'probe takes a filter in another form than the records for a mistake',
    avoid: (plan) => ({
      ...plan,
      probed: plan.probed && plan.world.changes?.form !== 'epoch' && plan.world.changes?.form !== 'date',
    }),
  },
  {
    reason: 'probe finds the order of a keyset wrong where the first page shows too little to tell',
    avoid: (plan) => ({ ...plan, probed: plan.probed && plan.world.paging !== 'keyset' }),
  },
  {
    reason: 'probe takes it for a mistake that a source has no version',
    avoid: (plan) => ({ ...plan, probed: plan.probed && plan.world.version !== 'none' }),
  },
];

/** The plan without what is known not to work. */
export const withoutKnownLimits = (plan: Plan): Plan => knownLimits.reduce((so, { avoid }) => avoid(so), plan);
