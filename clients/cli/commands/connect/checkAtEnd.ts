import { TidemarkError } from '../../../../schema/errors';
import { connectionsCheck } from '../../../operations/connections';
import { showConnection } from '../../../operations/connections/showConnection';
import type { OperationContext } from '../../../operations/definition/context';
import { perform, type ResultOf } from '../../../operations/definition/operation';
import { type ExitStatus, exitStatus } from '../../failure';
import { actor } from '../../terminal/actor';
import type { Shell } from '../../terminal/shell';
import { checkedText } from '../../text/parts/checkedText';

/** How long the source is waited for, in seconds. */
const wait = 20;

/**
 * Ends `connect` with what the credentials may read. Where the source cannot be asked now, with the command that asks later: the connection is
 * saved all the same. Returns the exit status where a list could not be read.
 */
export async function checkAtEnd(
  shell: Shell,
  context: OperationContext,
  id: string,
  { check }: { readonly check?: boolean },
): Promise<ExitStatus | undefined> {
  const say = (text: string) => shell.result(undefined, () => text);
  const later = `Next: tidemark connections check ${id} shows what the credentials may read; tidemark sync ${id} begins the first sync`;
  const { needsCredentialsBecause } = await showConnection(context, { connection: id });
  if (needsCredentialsBecause !== null) {
    say(`It needs credentials: ${needsCredentialsBecause}`);
    return undefined;
  }
  if (check === false) {
    say(later);
    return undefined;
  }
  try {
    const input = { connection: id, wait };
    const found = await perform(connectionsCheck, context, input, { actor: actor(), reason: '' });
    const checked = found as ResultOf<typeof connectionsCheck>;
    say(checkedText(shell.colours, checked));
    const unread = checked.entities.some(({ says }) => says === 'refused' || says === 'failed');
    return unread ? exitStatus.failed : undefined;
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.type !== 'TemporalUnavailable') throw error;
    say(later);
    return undefined;
  }
}
