import type { connect } from '../../../operations/connect';
import type { ResultOf } from '../../../operations/definition/operation';

/** A connection that was made or changed. */
export function savedText({ created, connection, secrets, delayedBecause }: ResultOf<typeof connect>): string {
  const { id, connector } = connection;
  return [
    `Connection ${id} (${connector}) was ${created ? 'made' : 'changed'}; secrets stored: ${secrets.join(', ') || 'none'}.`,
    ...(delayedBecause === null
      ? []
      : [`${delayedBecause} The connection is saved; its schedules begin when a server or 'tidemark up' starts.`]),
  ].join('\n');
}
