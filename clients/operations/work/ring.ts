import { type KeyRing, keyRing } from '../../../destination/connections/secrets';
import type { OperationContext } from '../definition/context';

/** The keys for secrets. Throws TidemarkError 'Usage' where OAUTH_ENCRYPTION_KEY is not set. */
export async function ringOf({ ring }: OperationContext): Promise<KeyRing> {
  return (await ring()) ?? keyRing(undefined);
}
