import type { Endpoint } from './endpoints';
import { type DeliveryHeaders, type Verdict, verifySignature } from './signature';

/** `no-secret`: the connection has no webhook secret, so nothing can be verified. */
export type DeliveryVerdict = Verdict | 'no-secret';

/** Whether the source has sent a delivery, by the definition's options or by its own function. */
export async function checkDelivery(
  { rules: { signature }, keys, secrets }: Endpoint,
  delivery: { readonly headers: DeliveryHeaders; readonly body: Buffer },
  nowMs: number,
): Promise<DeliveryVerdict> {
  if (keys.length === 0) return 'no-secret';
  if (signature.verify === undefined) return verifySignature(signature, keys, delivery, nowMs);
  try {
    // only true is true: a function that forgets to return lets nothing in
    return (await signature.verify({ ...delivery, secrets })) === true ? 'valid' : 'wrong';
  } catch {
    return 'wrong';
  }
}
