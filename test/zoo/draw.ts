import fc from 'fast-check';
import {
  type Change,
  charsets,
  compressions,
  deletions,
  ends,
  type Fault,
  filterFields,
  idShapes,
  numberKinds,
  orders,
  type Plan,
  pagings,
  type Run,
  refusals,
  type Step,
  versionKinds,
  type World,
} from './world';

// What comes first is what a counterexample shrinks to: the plainest source.

const changes: fc.Arbitrary<World['changes']> = fc.option(
  fc.record({
    form: fc.constantFrom('iso', 'space', 'epoch', 'date'),
    boundary: fc.constantFrom('inclusive', 'exclusive'),
    field: fc.oneof(
      { weight: 12, arbitrary: fc.constant('version' as const) },
      { weight: 3, arbitrary: fc.constantFrom(...filterFields) },
    ),
    sameAddress: fc.boolean(),
    order: fc.constantFrom(...orders),
    tombstones: fc.boolean(),
  }),
  { freq: 6 },
);

const drawnWorld: fc.Arbitrary<World> = fc.record({
  ids: fc.constantFrom(...idShapes),
  paging: fc.constantFrom(...pagings),
  pageSize: fc.integer({ min: 2, max: 9 }),
  cap: fc.option(fc.integer({ min: 2, max: 5 }), { freq: 1 }),
  order: fc.constantFrom(...orders),
  fromZero: fc.boolean(),
  flag: fc.boolean(),
  end: fc.constantFrom(...ends),
  emptyLast: fc.boolean(),
  nextIn: fc.constantFrom('body', 'header'),
  post: fc.constantFrom(false, false, false, true),
  noNext: fc.constantFrom('absent', 'null', 'blank'),
  total: fc.constantFrom('none', 'body', 'text', 'header'),
  totalUnlessEmpty: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  wrongNext: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  records: fc.constantFrom('data', 'result.items', ''),
  version: fc.constantFrom(...versionKinds),
  digits: fc.constantFrom(0, 3, 6),
  zone: fc.constantFrom('Z', 'offset', 'space'),
  changes,
  one: fc.option(fc.record({ deletion: fc.constantFrom(...deletions), inQuery: fc.boolean() }), { freq: 4 }),
  idsListing: fc.boolean(),
  partitions: fc.constantFrom(1, 1, 2, 3),
  charset: fc.constantFrom(...charsets),
  compression: fc.constantFrom(...compressions),
  numbers: fc.constantFrom(...numberKinds),
  dated: fc.boolean(),
  lookback: fc.constantFrom('1m', '5s'),
  records0: fc.integer({ min: 1, max: 24 }),
  ties: fc.integer({ min: 0, max: 12 }),
  webhooks: fc.boolean(),
  refusedSlot: fc.oneof(
    { weight: 9, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 9 }) },
  ),
});

/** Makes one source of what was drawn: no API has a listing of changes without a time, or a list in pages without a name for the next. */
export function sensible(world: World): World {
  const timed = world.version === 'instant' || world.version === 'fallback';
  const chained = world.paging === 'token' || world.paging === 'link';
  // links that lead to a page by GET, and bodies by POST, do not go together
  const nextIn = chained && !world.wrongNext ? world.nextIn : 'body';
  const position = world.paging === 'offset' || world.paging === 'page';
  const records =
    world.records === '' && (chained || world.flag || world.total === 'body' || world.total === 'text')
      ? 'data'
      : world.records;
  // a keyset needs an order by what it pages by; where nothing tells that a record has changed, a list may not move by it
  const order = (wanted: World['order']): World['order'] =>
    world.paging === 'keyset' || (position && !timed && wanted !== 'created') ? 'id' : wanted;
  const { changes, one } = world;
  const field = changes?.field === 'nullUntilUpdate' && world.version !== 'fallback' ? 'version' : changes?.field;
  return {
    ...world,
    records,
    nextIn,
    post: world.post && world.paging !== 'link',
    order: order(world.order),
    flag: world.flag && position,
    cap: world.paging === 'none' ? null : world.cap,
    changes: timed && changes && field ? { ...changes, field, order: order(changes.order) } : null,
    totalUnlessEmpty: world.totalUnlessEmpty && (world.total === 'body' || world.total === 'text'),
    wrongNext: world.wrongNext && chained,
    webhooks: world.webhooks && one !== null,
    idsListing: world.idsListing && one !== null && world.version !== 'none' && world.version !== 'opaque',
  };
}

const slot = fc.integer({ min: 0, max: 25 });
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ do: fc.constant('update' as const), slot }),
  fc.record({ do: fc.constant('create' as const), slot }),
  fc.record({ do: fc.constant('delete' as const), slot }),
  fc.record({ do: fc.constant('move' as const), slot }),
  fc.record({ do: fc.constant('changeSilently' as const), slot }),
  fc.record({ do: fc.constant('updateMany' as const), slot, count: fc.integer({ min: 2, max: 8 }) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1_000, 30_000, 600_000, 100_000_000) }),
);

const waits: fc.Arbitrary<Fault> = fc.record({
  meets: fc.constant('wait' as const),
  status: fc.constantFrom(429, 503, 403),
  says: fc.constantFrom('seconds', 'date', 'seconds', 'date', 'an hour'),
});
const breaks: fc.Arbitrary<Fault> = fc.record({
  meets: fc.constantFrom('status 500', 'reset', 'reset in headers', 'cut'),
});
const beside: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ meets: fc.constantFrom('killed attempt', 'lost result', 'lost connections') }),
  fc.record({ meets: fc.constant('refused batch' as const), code: fc.constantFrom(...refusals) }),
);
const error: fc.Arbitrary<Fault> = fc.constant({ meets: 'error behind 200' });

const at = fc.integer({ min: 1, max: 12 });
const faultsOf = (fault: fc.Arbitrary<Fault>) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.record({ at, fault }), { minLength: 1, maxLength: 3 }) },
  );
/** What a run survives. */
const passing = faultsOf(
  fc.oneof({ weight: 2, arbitrary: breaks }, { weight: 1, arbitrary: waits }, { weight: 2, arbitrary: beside }),
);

const run: fc.Arbitrary<Run> = fc.record({
  run: fc.constantFrom('delta', 'delta', 'delta', 'reconciliation', 'full', 'both'),
  during: fc.oneof(
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.record({ at, change }), { minLength: 1, maxLength: 4 }) },
  ),
  faults: fc.oneof({ weight: 6, arbitrary: passing }, { weight: 1, arbitrary: faultsOf(error) }),
});

const step: fc.Arbitrary<Step> = fc.oneof({ weight: 3, arbitrary: change }, { weight: 1, arbitrary: run });

/** Sources by themselves. */
export const worlds: fc.Arbitrary<World> = drawnWorld.map(sensible);

/** Changes at a source, one after another. */
export const changesAtSource: fc.Arbitrary<readonly Change[]> = fc.array(change, { maxLength: 10 });

/** Sources, and what happens to them. */
export const plans: fc.Arbitrary<Plan> = fc.record({
  world: worlds,
  steps: fc.array(step, { maxLength: 14 }),
  lastFaults: passing,
  probed: fc.constantFrom(false, false, false, true),
});
