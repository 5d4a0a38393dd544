import ms from 'ms';
import type { ResultOf } from '../../../operations/definition/operation';
import type { status as statusOperation } from '../../../operations/status';
import { plural, since } from '../../terminal/phrases';
import type { Colours } from '../../terminal/shell';
import { table } from '../../terminal/table';
import { proofAttention, proofText } from './proofText';

type Status = ResultOf<typeof statusOperation>;
type EntityStatus = Status['connections'][number]['entities'][number];
type StrategyStatus = EntityStatus['delta'];
type RunWithState = NonNullable<StrategyStatus['lastRun']>;
type WaitingPlan = EntityStatus['plansWaiting'][number];

/** A status on one screen: a line an entity, and below what needs somebody. */
export function statusText(colours: Colours, status: Status): string {
  const entities = status.connections.flatMap((connection) => connection.entities);
  if (status.connections.length === 0) {
    return "There is no connection yet: make one with 'tidemark connect'.";
  }
  const rows = entities.map((entity) => [
    `${entity.connectionId}/${entity.entity}`,
    entity.rows?.live ?? 0,
    entity.rows?.deleted ?? 0,
    entity.lagMs === null ? 'never synced' : ms(Math.max(0, entity.lagMs)),
    strategyText(colours, entity.delta),
    strategyText(colours, entity.reconciliation),
    proofText(entity),
  ]);
  const headings = ['entity', 'rows', 'deleted', 'lag', 'delta', 'reconciliation', 'proved equal'];
  const lines = [table(colours, headings, rows), ...attention(status, entities).map((line) => colours.yellow(line))];
  return lines.join('\n');
}

function strategyText(colours: Colours, { lastRun, next, paused, pausedBecause }: StrategyStatus): string {
  const last = lastRun === null ? 'none yet' : runText(colours, lastRun);
  const ahead = paused
    ? `paused${pausedBecause === null ? '' : ` (${pausedBecause})`}`
    : next === null
      ? undefined
      : `next ${inTime(next)}`;
  return [last, ahead].filter((part) => part !== undefined).join(', ');
}

function runText(colours: Colours, run: RunWithState): string {
  if (run.state === 'running' && run.waitingUntil !== null) {
    return colours.yellow(`waits until ${run.waitingUntil.toISOString()}`);
  }
  if (run.state === 'running')
    return `running for ${ms(Math.max(0, Date.now() - run.startedAt.getTime()))}: ${plural(run.pagesSoFar, 'page')}, ${plural(run.recordsSoFar, 'record')}`;
  const colour = { succeeded: colours.green, waiting: colours.yellow }[String(run.state)] ?? colours.red;
  return `${colour(run.state)} ${since(run.endedAt ?? run.startedAt)}`;
}

function inTime(date: Date): string {
  const ahead = date.getTime() - Date.now();
  return ahead < 1_000 ? 'now' : `in ${ms(ahead)}`;
}

/** What needs somebody, each with what to do. */
function attention(status: Status, entities: readonly EntityStatus[]): string[] {
  const lines: string[] = [];
  if (status.temporal?.reachable === false) {
    lines.push(`Temporal is not reachable, so nothing runs and next runs are unknown: ${status.temporal.error}`);
  }
  for (const { id, connector, enabled, needsCredentials, registered, unreadable, wait } of status.connections) {
    if (!registered)
      lines.push(`${id}: connector ${connector} is not registered in tidemark.config.ts, so nothing runs`);
    else if (!enabled) lines.push(`${id} is disabled`);
    else if (needsCredentials !== null) {
      lines.push(
        `${id} needs credentials since ${needsCredentials.since.toISOString()}, and nothing of it is synced until it has others: tidemark connect ${connector} ${id} --update (${needsCredentials.because})`,
      );
    }
    if (wait !== null) {
      lines.push(
        `${id}: its source is asked nothing until ${wait.until.toISOString()}: ${wait.because}`,
        `  if the source works again, tidemark resume ${id} --reason "..." ends the wait`,
      );
    }
    if (unreadable > 0) {
      lines.push(
        `${id}: ${plural(unreadable, 'webhook event')} that the connector could not read: tidemark webhooks list ${id} --state parked`,
      );
    }
  }
  for (const entity of entities) lines.push(...attentionTo(entity), ...proofAttention(entity));
  return lines;
}

function attentionTo({ connectionId, entity, ...of }: EntityStatus): string[] {
  const name = `${connectionId}/${entity}`;
  const failed = [of.delta.lastRun, of.reconciliation.lastRun].filter((run) => run?.error);
  return [
    ...failed.map((run) => `${name}: the last ${run?.strategy} ${run?.state} (${run?.errorType}): ${run?.error}`),
    ...[of.delta.lastRun, of.reconciliation.lastRun].flatMap((run) => waitText(name, connectionId, run)),
    ...(of.deletionsUnknownSince === null
      ? []
      : [
          `${name}: deletions since ${of.deletionsUnknownSince.toISOString()} are unknown, since the source had forgotten its token: tidemark reconcile ${connectionId} ${entity}`,
        ]),
    ...unreadText(name, of.unread),
    ...of.plansWaiting.flatMap((plan) => planText(name, plan)),
    ...(of.setAside > 0
      ? [`${name}: ${plural(of.setAside, 'record')} set aside: tidemark set-aside list ${connectionId} ${entity}`]
      : []),
    ...((of.rows?.disputed ?? 0) > 0
      ? [`${name}: ${plural(of.rows?.disputed ?? 0, 'row')} disputed, to be asked again`]
      : []),
    ...(of.inbox.open > 0
      ? [
          `${name}: ${plural(of.inbox.open, 'webhook event')} not yet processed, the oldest ${of.inbox.oldest ? since(of.inbox.oldest) : ''}`,
        ]
      : []),
    ...(of.inbox.parked > 0
      ? [
          `${name}: ${plural(of.inbox.parked, 'webhook event')} parked: tidemark webhooks list ${connectionId} ${entity} --state parked`,
        ]
      : []),
  ];
}

/** What is wrong with the lists of some partitions, and of which. */
function unreadText(name: string, unread: EntityStatus['unread']): string[] {
  if (unread === null) return [];
  const total = Object.values(unread.counts).reduce((sum, count) => sum + count, 0);
  const counts = Object.entries(unread.counts).map(([verdict, count]) => `${count} ${verdictText[verdict] ?? verdict}`);
  return [
    `${name}: the list of ${plural(total, 'partition')} could not be read (${counts.join(', ')}), and their rows stay as they are`,
    ...unread.some.map(({ partition, since, detail }) => `  ${partition}, since ${since.toISOString()}: ${detail}`),
  ];
}

const verdictText: Readonly<Record<string, string>> = {
  gone: 'not found',
  'not-served': 'not served by the source',
  refused: 'refused',
  failed: 'failed',
};

/** Until when a run waits, which response said so, and how to end that. */
function waitText(name: string, connectionId: string, run: RunWithState | null): string[] {
  if (!run?.waitingUntil) return [];
  return [
    `${name}: run ${run.id} waits until ${run.waitingUntil.toISOString()}: ${run.waitingReason}`,
    `  if the source works again, tidemark resume ${connectionId} --reason "..." makes it go on now; tidemark cancel ${run.id} --reason "..." ends it`,
  ];
}

/** What somebody has to know to decide about a plan. */
function planText(name: string, plan: WaitingPlan): string[] {
  const { id, about, gone, unlisted, liveRows, ratio, sample, missing, stale, reason } = plan;
  const of = `${plural(liveRows, 'row')} (${(ratio * 100).toFixed(1)} %)${sample.length === 0 ? '' : `, such as ${sample.join(', ')}`}`;
  return [
    `${name}: plan ${id} waits for approval: ${reason ?? ''}`,
    about === 'related'
      ? `  would take related records away from up to ${stale} of ${of}; deletes nothing`
      : `  would delete up to ${gone + unlisted} of ${of}; missing here ${missing}, stale ${stale}`,
    `  tidemark approve ${id} --reason "..." lets it through, tidemark reject ${id} --reason "..." ends it; undecided it expires ${plan.expiresAt.toISOString()}`,
  ];
}
