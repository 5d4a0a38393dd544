import { z } from 'zod';
import { duration } from '../duration';
import { type Auth, type AuthInput, auth } from './auth';
import { DefinitionError, mistakes } from './definition';
import { type Entity, identifier } from './entity';
import { namedSecrets } from './secretName';
import {
  type WebhookDelivery,
  type WebhookEvent,
  type WebhookRules,
  type WebhookSignatureInput,
  webhookSignature,
} from './webhooks';

export const rateLimit = z.strictObject({
  /** at most this many requests … */
  requests: z.int().min(1),
  /** … in any window of this length */
  per: duration,
  /** at most this many at once, over all workers of this process */
  concurrency: z.int().min(1).max(100).default(4),
});
export type RateLimit = z.infer<typeof rateLimit>;

/** What a connector author writes for one API. */
export interface ConnectorInput<Settings extends z.ZodObject, Secrets extends z.ZodObject> {
  /** lower case, digits, underscores: `planning_center` */
  readonly name: string;
  /** what a connection of it must be told, checked by `tidemark connect`; `baseUrl` is always among it */
  readonly settings: Settings;
  /** what is kept encrypted, checked by `tidemark connect`; all strings */
  readonly secrets: Secrets;
  readonly auth: AuthInput;
  readonly rateLimit?: z.input<typeof rateLimit>;
  /** sent with every request */
  readonly headers?: Readonly<Record<string, string>>;
  readonly webhooks?: {
    readonly signature: WebhookSignatureInput;
    /** the status of an acknowledgement; default 202, 200 for sources that take every other status for a failure */
    readonly acknowledge?: 200 | 202;
    readonly events: (delivery: WebhookDelivery) => WebhookEvent[];
  };
  readonly entities: readonly Entity[];
}

/** A connector as the engine uses it. */
export interface Connector {
  readonly name: string;
  readonly settings: z.ZodObject;
  readonly secrets: z.ZodObject;
  readonly auth: Auth;
  readonly rateLimit: RateLimit | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly webhooks: WebhookRules | undefined;
  readonly entities: ReadonlyMap<string, Entity & { readonly table: string }>;
}

/** An entity of a connector: its table is known. */
export type ConnectorEntity = Entity & { readonly table: string };

const definition = z.strictObject({
  name: identifier,
  settings: z.custom<z.ZodObject>((value) => value instanceof z.ZodObject && 'baseUrl' in value.shape, {
    error:
      'must be a z.object with a baseUrl, such as z.object({ baseUrl: z.url().default("https://api.example.com") })',
  }),
  secrets: z.custom<z.ZodObject>((value) => value instanceof z.ZodObject, { error: 'must be a z.object of strings' }),
  auth,
  rateLimit: rateLimit.optional(),
  headers: z.record(z.string(), z.string()).default({}),
  webhooks: z
    .strictObject({
      signature: webhookSignature,
      acknowledge: z.union([z.literal(200), z.literal(202)]).default(202),
      events: z.custom<WebhookRules['events']>((value) => typeof value === 'function', { error: 'must be a function' }),
    })
    .optional(),
  entities: z.array(z.custom<Entity>((value) => typeof value === 'object' && value !== null)).min(1),
});

/** Describes one API. A mistake is reported with its path, such as `planning_center.auth.username`. Throws DefinitionError. */
export function defineConnector<Settings extends z.ZodObject, Secrets extends z.ZodObject>(
  input: ConnectorInput<Settings, Secrets>,
): Connector {
  const where = typeof input?.name === 'string' ? input.name : 'connector';
  const parsed = definition.safeParse(input);
  if (!parsed.success) throw new DefinitionError(mistakes(where, parsed.error));
  const { entities, ...connector } = parsed.data;
  const found: string[] = [];
  const named = [
    ...namedSecrets(auth, connector.auth, 'auth'),
    ...namedSecrets(webhookSignature, connector.webhooks?.signature, 'webhooks.signature'),
  ];
  for (const [at, secret] of named) {
    if (!Object.hasOwn(connector.secrets.shape, secret))
      found.push(`${where}.${at}: there is no secret named '${secret}' in secrets`);
  }
  const byName = new Map<string, ConnectorEntity>();
  const tables = new Set<string>();
  for (const entity of entities) {
    const table = entity.table ?? `${connector.name}_${entity.name}`;
    if (byName.has(entity.name)) found.push(`${where}.entities.${entity.name}: defined twice`);
    if (tables.has(table)) found.push(`${where}.entities.${entity.name}.table: '${table}' is another entity's table`);
    if (table.length > 50)
      found.push(`${where}.entities.${entity.name}.table: '${table}' is longer than 50 characters; set a shorter one`);
    if (entity.supportsWebhooks && !connector.webhooks) {
      found.push(`${where}.webhooks: missing, but ${entity.name}.supportsWebhooks is true`);
    }
    tables.add(table);
    byName.set(entity.name, { ...entity, table });
  }
  if (found.length > 0) throw new DefinitionError(found);
  return { ...connector, rateLimit: connector.rateLimit, webhooks: connector.webhooks, entities: byName };
}

/** What `tidemark.config.ts` exports as default. */
export interface TidemarkConfig {
  readonly connectors: readonly Connector[];
}

/** Registers connectors. Throws DefinitionError when two have the same name. */
export function defineConfig(config: TidemarkConfig): TidemarkConfig {
  const names = config.connectors.map((connector) => connector.name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0) throw new DefinitionError(twice.map((name) => `connectors.${name}: registered twice`));
  return config;
}
