import type { ConnectorEntity } from '../../schema/definition/connector';
import type { GivenToken } from '../contract';
import { addressed } from '../wire/question';
import { ask, shown } from '../wire/send';
import type { Source } from '../wire/source';
import { tokenIn } from './token';

const none: ReadonlySet<number> = new Set();

/** See SourceClient.firstToken. */
export async function firstToken(
  source: Source,
  entity: ConnectorEntity,
  { partition, signal }: { readonly partition: string; readonly signal: AbortSignal },
): Promise<GivenToken> {
  const { sender } = source;
  const about = { entity: entity.name, what: 'the first token' };
  const first = entity.listings.changes?.feed?.first;
  if (first === undefined || first === 'all')
    throw sender.reporter.error(
      'Usage',
      about,
      'no request for it is declared',
      'Declare `listings.changes.feed.first`',
    );
  const question = {
    ...addressed(source, first, { partition }, about),
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
  if (token === null)
    throw broken('the response contains no token', 'Check the path of `listings.changes.feed.first.token`');
  const { sent, received, sourceSent } = answer;
  return { token, sent, received, sourceSent };
}
