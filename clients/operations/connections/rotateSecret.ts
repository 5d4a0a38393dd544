import { audit } from '../../../destination/audit';
import { getConnection, lockConnection } from '../../../destination/connections/connections';
import { loadSecrets, lockSecrets, resealSecrets, saveSecrets } from '../../../destination/connections/secrets';
import type { Connector } from '../../../schema/definition/connector';
import { mistakes } from '../../../schema/definition/definition';
import { connectorOf } from '../../../schema/definition/registered';
import { TidemarkError } from '../../../schema/errors';
import { type By, type OperationContext, WrongInput } from '../definition/context';
import { ringOf } from '../work/ring';
import { catchUp } from './catchUp';
import { followCredentials } from './followCredentials';
import type { ConnectionInput } from './named';

export interface SecretRotation extends ConnectionInput {
  /** the secret's name, as the connector declares it */
  readonly secret: string;
  /** absent: only the former value is dropped */
  readonly value?: string | undefined;
  /** webhook secrets: no longer accept deliveries signed with the former one */
  readonly dropFormer: boolean;
}

export interface RotatedSecret {
  readonly connectionId: string;
  readonly secret: string;
  /** the former one is still accepted for webhooks, until it is dropped */
  readonly formerKept: boolean;
}

/**
 * Replaces a secret by a new value, audited without it. The former value of a webhook secret stays valid next to the new one,
 * since the source still signs with it for a while. Throws TidemarkError 'NotFound', and 'Usage' for a value that the connector
 * refuses, which is not repeated.
 */
export async function rotateSecret(
  context: OperationContext,
  { connection: id, secret, value, dropFormer }: SecretRotation,
  by: By,
): Promise<RotatedSecret> {
  const { db } = context;
  const ring = await ringOf(context);
  const connector = connectorOf(await context.connectors(), await getConnection(db, id));
  assertDeclared(connector, secret);
  const missing = new WrongInput(`The new value of secret '${secret}' of connection '${id}' is missing`, [
    'value: missing; only the former value of a webhook secret can be dropped without a new one (`dropFormer`)',
  ]);
  if (value === undefined && !dropFormer) throw missing;
  const isWebhookSecret = connector.webhooks?.signature.secret === secret;
  if (isWebhookSecret && value?.includes('\n')) {
    throw new WrongInput(`The new value of secret '${secret}' of connection '${id}' has several lines`, [
      'value: a webhook secret is one line; the former one is kept next to it automatically',
    ]);
  }
  const { resumed, ...rotated } = await db.transaction(async (tx) => {
    const { settings } = await lockConnection(tx, id);
    await lockSecrets(tx, id);
    const secrets = await loadSecrets(tx, ring, id);
    const [former] = (secrets[secret] ?? '').split('\n').filter((line) => line !== '');
    const formerKept = isWebhookSecret && !dropFormer && value !== undefined && former !== undefined;
    const after =
      value === undefined ? (isWebhookSecret ? former : undefined) : formerKept ? `${value}\n${former}` : value;
    if (after === undefined) throw missing;
    await saveSecrets(tx, ring, id, checked(connector, { ...secrets, [secret]: after }));
    const had = Object.keys(secrets);
    const given = {
      ...{ secrets: value === undefined ? [] : [secret], had, has: [...had, secret] },
      ...{ before: settings, after: settings },
    };
    const resumed = await followCredentials(tx, connector, id, given);
    await audit(tx, { ...by, action: 'connections rotate-secret', connectionId: id, details: { secret, formerKept } });
    return { connectionId: id, secret, formerKept, resumed };
  });
  if (resumed) await catchUp(context, id);
  return rotated;
}

/** Encrypts all secrets under the first key, audited for each connection. Throws TidemarkError 'Usage' for those that no key opens. */
export async function reseal(
  context: OperationContext,
  _input: unknown,
  by: By,
): Promise<{ readonly resealed: number; readonly keyId: string }> {
  const ring = await ringOf(context);
  return { ...(await resealSecrets(context.db, ring, by)), keyId: ring.sealingKeyId };
}

function assertDeclared(connector: Connector, secret: string): void {
  const names = Object.keys(connector.secrets.shape);
  if (names.includes(secret)) return;
  throw new TidemarkError(
    'NotFound',
    `Connector ${connector.name} has no secret ${JSON.stringify(secret)}; it has: ${names.join(', ') || 'none'}`,
  );
}

function checked(connector: Connector, secrets: Record<string, string>): Record<string, string> {
  const parsed = connector.secrets.safeParse(secrets);
  if (parsed.success) return parsed.data as Record<string, string>;
  throw new WrongInput('The secrets would be wrong; nothing was changed', mistakes('secrets', parsed.error));
}
