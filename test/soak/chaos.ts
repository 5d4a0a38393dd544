import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { signal } from '../../local/processes';
import { messageOf } from '../../schema/errors';
import { type FaultKind, faultKinds } from './faultProxy';
import { type LinkName, linkNames, type Place } from './place';
import type { SoakOptions } from './setting';
import { until } from './waiting';

/** What is killed. A killed backend takes PostgreSQL down with all its connections, and has it recover from the log. */
export const victims = ['worker', 'server', 'temporal', 'postgres', 'postgres backend'] as const;
export type Victim = (typeof victims)[number];

export interface Damage {
  /** `kill -9`s after which the victim came back */
  readonly kills: Readonly<Record<Victim, number>>;
  /** faults that at least one connection felt */
  readonly faults: Readonly<Record<LinkName, Readonly<Record<FaultKind, number>>>>;
  /** connections that felt them */
  readonly connections: number;
  /** when the last thing was broken, in milliseconds since 1970 */
  readonly lastAt: number;
}

type Act = { readonly kill: Victim } | { readonly break: LinkName; readonly kind: FaultKind };

/** Breaks one thing after another, several at once now and then, until the time is over; resolves when all that was killed is back. */
export async function wreak(place: Place, options: SoakOptions, random: () => number): Promise<Damage> {
  const kills = Object.fromEntries(victims.map((victim) => [victim, 0])) as Record<Victim, number>;
  const faults = Object.fromEntries(
    linkNames.map((link) => [link, Object.fromEntries(faultKinds.map((kind) => [kind, 0]))]),
  ) as Record<LinkName, Record<FaultKind, number>>;
  let connections = 0;
  let lastAt = Date.now();
  const underWay = new Set<Promise<void>>();

  const perform = async (act: Act) => {
    if ('kill' in act) {
      if (await kill(place, act.kill, random)) kills[act.kill] += 1;
      return;
    }
    const ms = 300 + random() * (options.longestFault * 1000 - 300);
    const felt = await place.links[act.break].strike(act.kind, sleep(ms));
    if (felt > 0) faults[act.break][act.kind] += 1;
    connections += felt;
  };

  const end = Date.now() + options.seconds * 1000;
  let done = 0;
  for (const act of acts(random)) {
    await sleep(random() * options.pause * 1000);
    // each victim once, also where the machine is slow
    if (Date.now() > end && done >= 2 * victims.length) break;
    done += 1;
    lastAt = Date.now();
    options.onProgress('kill' in act ? `kill -9 ${act.kill}` : `${act.break}: ${act.kind}`);
    const running: Promise<void> = perform(act)
      .catch((error: unknown) => options.onProgress(`that failed: ${messageOf(error)}`))
      .finally(() => underWay.delete(running));
    underWay.add(running);
  }
  await Promise.all(underWay);
  lastAt = Math.max(lastAt, Date.now());
  return { kills, faults, connections, lastAt };
}

/** First every victim once, with a fault between, in any order; then whatever comes. */
function* acts(random: () => number): Generator<Act> {
  const of = <T>(list: readonly [T, ...T[]] | readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const fault = (): Act => ({ break: of(linkNames), kind: of(faultKinds) });
  const once = victims.map((victim) => ({ victim, at: random() })).sort((a, b) => a.at - b.at);
  for (const { victim } of once) {
    yield { kill: victim };
    yield fault();
  }
  for (;;) yield random() < 0.4 ? { kill: of(['worker', 'worker', ...victims]) } : fault();
}

/** True when it was alive, and is again. */
async function kill(place: Place, victim: Victim, random: () => number): Promise<boolean> {
  const name = victim === 'worker' ? (random() < 0.5 ? 'worker 1' : 'worker 2') : victim;
  if (name === 'postgres backend') return killBackend(place.databaseUrl);
  let before: number | undefined;
  await until(`${name} is there to be killed`, 60, () => {
    before = place.pid(name);
    return before !== undefined;
  });
  if (before === undefined) return false;
  signal(before, 'SIGKILL');
  await until(`${name} is started again`, 60, () => {
    const now = place.pid(name);
    return now !== undefined && now !== before;
  });
  return true;
}

async function killBackend(databaseUrl: string): Promise<boolean> {
  await until('a backend can be killed', 60, async () => {
    const pid = await withClient(databaseUrl, async (client) => {
      const { rows } = await client.query(`select pid from pg_stat_activity where application_name like 'tidemark%'
        order by state = 'active' desc, random() limit 1`);
      return rows[0]?.pid;
    });
    if (pid === undefined) return false;
    signal(pid, 'SIGKILL');
    return true;
  });
  await until('PostgreSQL has recovered', 120, () => withClient(databaseUrl, async () => true));
  return true;
}

async function withClient<T>(databaseUrl: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  // a recovering server ends this connection too; whoever works with it is told by their query
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
