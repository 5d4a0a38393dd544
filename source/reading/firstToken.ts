import type { ConnectorEntity } from '../../schema/definition/connector';
import { partitionFilling } from '../../schema/definition/partitions';
import type { FirstTokenOptions, GivenToken } from '../contract';
import { addressed } from '../wire/question';
import { ask, shown } from '../wire/send';
import type { Source } from '../wire/source';
import { tokenIn } from './token';

const none: ReadonlySet<number> = new Set();

/** See SourceClient.firstToken. */
export async function firstToken(
  source: Source,
  entity: ConnectorEntity,
  { partition, parent, related, signal }: FirstTokenOptions,
): Promise<GivenToken> {
  const { sender } = source;
  const of = related === undefined ? 'listings.changes' : `related.${related}.changes`;
  const about = { entity: entity.name, what: related === undefined ? 'the first token' : `the first token of ${of}` };
  const first = (related === undefined ? entity.listings.changes : entity.related?.[related]?.changes)?.feed?.first;
  if (first === undefined || first === 'all')
    throw sender.reporter.error('Usage', about, 'no request for it is declared', `Declare \`${of}.feed.first\``);
  const question = {
    ...addressed(source, first, partitionFilling(partition, parent), about),
    ...{ about, signal, statuses: none, empty: none, place: { path: '', list: false } },
    forbidden: {
      type: 'CredentialsRefused',
      todo: 'The credentials may not read it: give the connection others with `tidemark connect`, or ask for the permission',
    } as const,
  };
  const answer = await ask(sender, question, () => undefined);
  const broken = (problem: string, todo: string) =>
    sender.reporter.error('ContractBroken', about, `GET ${shown(sender, answer.url)}: ${problem}`, todo);
  const token = tokenIn(answer, first.token, broken);
  if (token === null) throw broken('the response contains no token', `Check the path of \`${of}.feed.first.token\``);
  const { sent, received, sourceSent } = answer;
  return { token, sent, received, sourceSent };
}
