import type { connectionsShow } from '../../../operations/connections';
import type { ResultOf } from '../../../operations/definition/operation';

type Shown = ResultOf<typeof connectionsShow>;

/** One connection with what belongs to it. */
export function connectionText(shown: Shown): string {
  const { id, connector, enabled, registered, settings, timeZone, businessHours, schedules, webhookPath } = shown;
  const lines: readonly (readonly [string, string])[] = [
    ['connector', `${connector}${registered ? '' : ' (not registered in tidemark.config.ts: nothing runs)'}`],
    ['enabled', enabled ? 'yes' : 'no'],
    ...needsText(shown),
    ...Object.entries(settings).map(
      ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
    ),
    ['time zone', timeZone],
    ['business hours', businessHours ? `${businessHours.from}-${businessHours.to}` : 'none'],
    ['schedules', Object.keys(schedules).length === 0 ? 'as the connector has them' : JSON.stringify(schedules)],
    ['secrets', secretsText(shown)],
    ['webhooks', webhookPath ?? 'none'],
    ...shown.entities.map(
      ({ entity, table, rows, cursor }) =>
        [
          entity,
          `table ${table}, ${rows === null ? 'not created yet' : `${rows} rows`}, ${cursor === null ? 'never synced' : `synced up to ${cursor.toISOString()}`}`,
        ] as const,
    ),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return [`Connection ${id}`, ...lines.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].join('\n');
}

function needsText({ id, connector, needsCredentialsSince, needsCredentialsBecause }: Shown): [string, string][] {
  if (needsCredentialsSince === null) return [];
  const since = `since ${needsCredentialsSince.toISOString()}: ${needsCredentialsBecause ?? 'the source refused them'}`;
  return [
    ['needs credentials', since],
    ['', `nothing is synced until it has others: tidemark connect ${connector} ${id} --update`],
  ];
}

function secretsText({ secrets, sealed }: Shown): string {
  if (sealed === null) return 'none';
  const names = secrets === null ? 'stored' : secrets.join(', ');
  return `${names}; encrypted under key ${sealed.keyId}, ${sealed.updatedAt.toISOString()}`;
}
