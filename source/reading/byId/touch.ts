import type { ConnectorEntity } from '../../../schema/definition/connector';
import { addressed } from '../../wire/question';
import { short } from '../../wire/report';
import { type Once, type OnceResult, sendOnce } from '../../wire/sendOnce';
import type { Source } from '../../wire/source';
import { whyUnfit } from './getById';

/** See SourceClient.touch. */
export async function touch(
  source: Source,
  entity: ConnectorEntity,
  id: string,
  { text, once, signal }: { readonly text: string; readonly once: Once; readonly signal: AbortSignal },
): Promise<OnceResult> {
  const about = { entity: entity.name, what: `record '${short(id, 100)}'` };
  const { reporter } = source.sender;
  if (entity.touch === undefined)
    throw reporter.error('Usage', about, 'this entity declares no `touch`', 'Add `touch` to its definition');
  const unfit = whyUnfit(entity.touch, id);
  if (unfit !== undefined)
    throw reporter.error('ContractBroken', about, `it cannot be touched: ${unfit}`, 'Nothing was sent');
  return sendOnce(source.sender, addressed(source, entity.touch, { id, text }, about), once, signal);
}
