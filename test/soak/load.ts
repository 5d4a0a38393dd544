import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationInput } from '../../connectors/planning-center/simulator';
import { type EntityName, entityNames, type SoakOptions } from './setting';
import type { SourceWorld } from './sourceWorld';

/** milliseconds */
const tick = 250;
const deletionsEvery = 240;

export interface Load {
  /** bursts of webhooks, and deletions of which no webhook tells, so far */
  readonly bursts: { webhooks: number; deletions: number };
  stop(): Promise<void>;
}

/**
 * Changes the source all the time, as its users would: most changes are told by a webhook, some are not. Now and then
 * hundreds of records change within a moment, or many are deleted without a word, so that only a reconciliation finds it.
 */
export function startLoad(
  world: SourceWorld,
  { changesPerSecond, burstEvery }: Pick<SoakOptions, 'changesPerSecond' | 'burstEvery'>,
  random: () => number,
): Load {
  const bursts = { webhooks: 0, deletions: 0 };
  let stopped = false;
  const run = async () => {
    for (let ticks = 1; !stopped; ticks++) {
      const count = Math.round((changesPerSecond * tick) / 1000 + random() - 0.5);
      await world.bulk(distinct(world, count, random, (entity, id) => anyChange(world, entity, id, random)));
      if ((ticks * tick) % (burstEvery * 1000) === 0) {
        const share = Math.min(200, Math.ceil(world.live.people.size / 6));
        const webhook = true;
        await world.bulk(distinct(world, share, random, (entity, id) => [{ ...changed(entity, id, random), webhook }]));
        bursts.webhooks += 1;
      }
      if (ticks % deletionsEvery === 20) {
        const share = Math.min(150, Math.ceil(world.live.people.size / 20));
        const webhook = false;
        await world.bulk(distinct(world, share, random, (entity, id) => [{ do: 'delete', entity, id, webhook }]));
        bursts.deletions += 1;
      }
      await sleep(tick);
    }
  };
  const running = run();
  // whoever stops it is told
  running.catch(() => undefined);
  return {
    bursts,
    async stop() {
      stopped = true;
      await running;
    },
  };
}

/** Changes to so many different records. */
function distinct(
  world: SourceWorld,
  count: number,
  random: () => number,
  change: (entity: EntityName, id: string) => OperationInput[],
): OperationInput[] {
  const chosen = new Map<string, OperationInput[]>();
  for (let n = 0; n < count; n++) {
    const entity = entityNames[random() < 0.75 ? 0 : 1];
    const id = world.any(entity);
    if (id !== undefined && !chosen.has(id)) chosen.set(id, change(entity, id));
  }
  return [...chosen.values()].flat();
}

function changed(entity: EntityName, id: string, random: () => number) {
  const number = Math.floor(random() * 1e9);
  const attributes = entity === 'people' ? { nickname: `n${number}` } : { amount_cents: number % 100_000 };
  return { do: 'change' as const, entity, id, attributes };
}

/** What happens to records, in about the shares in which it happens to people's; webhooks lose one in ten by themselves. */
function anyChange(world: SourceWorld, entity: EntityName, id: string, random: () => number): OperationInput[] {
  const webhook = random() < 0.7;
  const dice = random();
  const late = (ms: number) => new Date(Date.now() - ms).toISOString();
  if (dice < 0.45) return [{ ...changed(entity, id, random), webhook }];
  if (dice < 0.65) return [{ do: 'create', entity, id: world.newId(), webhook }];
  if (dice < 0.75) return [{ do: 'delete', entity, id, webhook }];
  if (dice < 0.8) {
    const again = world.takeDeleted(entity);
    return again === undefined ? [] : [{ do: 'create', entity, id: again, webhook }];
  }
  if (dice < 0.86) return [{ do: 'touch', entity, id, webhook }];
  // committed late, dated earlier, within what the lookback promises
  if (dice < 0.92) return [{ ...changed(entity, id, random), updatedAt: late(1_000 + random() * 40_000), webhook }];
  if (dice < 0.94) return [{ ...changed(entity, id, random), updatedAt: '2099-01-01T00:00:00Z', webhook }];
  // within one second: changed and deleted; changed twice
  if (dice < 0.97)
    return [
      { ...changed(entity, id, random), webhook },
      { do: 'delete', entity, id, webhook },
    ];
  return [
    { ...changed(entity, id, random), webhook },
    { ...changed(entity, id, random), webhook },
  ];
}
