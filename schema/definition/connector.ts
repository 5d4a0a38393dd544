import { z } from 'zod';
import { type Alias, type AliasInput, alias } from './aliases';
import { type Auth, type AuthInput, auth } from './auth/auth';
import { oauth2Templates } from './auth/oauth2';
import { namedSecrets, type SecretName, secretName } from './auth/secretName';
import { DefinitionError, mistakes } from './definition';
import type { Entity } from './entity';
import { type Exclusion, exclusionMistakes, exclusionsOf } from './excludedBy';
import { identifier } from './identifier';
import { type Lookup, type lookup, lookupMistakes, lookups } from './lookups';
import type { Parents } from './partitions';
import { isFrom, parentMistakes } from './partitions';
import { placeholderMistakes } from './placeholders';
import { type RateLimit, rateLimit } from './rateLimit';
import { type Reference, referenceColumns, referencesOf } from './references';
import { rollupsOf } from './rollupMistakes';
import { type Rollup, type RollupInput, rollup } from './rollups';
import {
  type WebhookDelivery,
  type WebhookEvent,
  type WebhookRules,
  type WebhookSignatureInput,
  webhookSignature,
} from './webhooks';

/**
 * Describes one API. `defineConnector` checks everything at once and reports each mistake with its path.
 * @example
 * {
 *   name: 'shop',
 *   settings: z.object({ baseUrl: z.url().default('https://api.example.com') }),
 *   secrets: z.object({ token: z.string(), appKey: z.string(), webhookSecret: z.string() }),
 *   auth: { scheme: 'bearer', token: 'token' },
 *   otherAuth: [{ scheme: 'apiKey', in: 'header', name: 'X-Api-Key', key: 'appKey' }],
 *   rateLimit: { requests: 100, per: '20s' },
 *   headers: { 'X-Api-Version': '2026-01' },
 *   secretHeaders: { 'X-App-Key': 'appKey' },
 *   lookups: { ordersReport: { path: '/reports', where: { slug: 'orders' }, value: 'id' } },
 *   webhooks: {
 *     signature: { header: 'X-Signature', secret: 'webhookSecret' },
 *     acknowledge: 200,
 *     events: ({ body }) => [{ type: body.type, entity: 'people', id: body.person.id }],
 *   },
 *   entities: [people],
 *   rollups: [{ name: 'daily_people', inputs: { people: { days: ['created_at'] } }, sql: 'select count(*) as people from people' }],
 *   aliases: [{ method: 'POST', path: '/trigger', operation: 'sync', input: { connection: '{accountId}' } }],
 * }
 */
export interface ConnectorInput<Settings extends z.ZodObject, Secrets extends z.ZodObject> {
  /** The name in commands and table names: at most 48 lower-case letters, digits and underscores, beginning with a letter. */
  readonly name: string;
  /** The settings of a connection, as a zod object that `tidemark connect` checks. It must contain `baseUrl`. */
  readonly settings: Settings;
  /** The secrets of a connection, as a zod object of strings that `tidemark connect` checks. They are stored encrypted. */
  readonly secrets: Secrets;
  /** How requests are authorized. */
  readonly auth: AuthInput;
  /**
   * Other ways, for sources that offer several. A connection is authorized by the first of `auth` and these for which it has the secrets,
   * so those are optional in `secrets`, and `connect` refuses a connection that has the secrets of none.
   */
  readonly otherAuth?: readonly AuthInput[];
  /** How many requests a connection may send. Without it, only the source's own `429` limits the engine, with 8 requests under way at once. */
  readonly rateLimit?: z.input<typeof rateLimit>;
  /** Headers that are sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers that hold a secret, such as the key of an app, by the name of the secret. They are sent with every request for data, next to what `auth` sends. */
  readonly secretHeaders?: Readonly<Record<string, string>>;
  /** Values that each account has of its own and that the source shows in a list. `{name}` stands for them in the requests of entities. */
  readonly lookups?: Readonly<Record<string, z.input<typeof lookup>>>;
  /** How webhooks are verified and read. Needed where an entity has `supportsWebhooks: true`. */
  readonly webhooks?: {
    /** How a delivery proves that the source sent it. */
    readonly signature: WebhookSignatureInput;
    /** The status of the response to a delivery. Use 200 for sources that treat every other status as a failure. */
    readonly acknowledge?: 200 | 202;
    /** A body for the response to a delivery, for sources that want to read one. */
    readonly acknowledgement?: {
      /** The text of the body. */
      readonly body: string;
      /** The status, instead of that of `acknowledge`. */
      readonly status?: number | undefined;
      /** The type of the body. Without it, `text/plain`. */
      readonly contentType?: 'text/plain' | 'application/json' | undefined;
    };
    /** `form` where deliveries are URL-encoded forms. */
    readonly bodies?: WebhookRules['bodies'];
    /** Replies to a request by which the source tests the address, such as Slack's `url_verification`, Microsoft Graph's `validationToken` or `hub.challenge`, or returns undefined. It is called for a GET, for a POST with a query before its signature is checked, and for each verified delivery. */
    readonly handshake?: WebhookRules['handshake'];
    /** Reads the events of a delivery. Throws where the body is not one of this source's. */
    readonly events: (delivery: WebhookDelivery) => WebhookEvent[];
  };
  /** The kinds of records, each made by `defineEntity`. Their names and tables must differ. */
  readonly entities: readonly Entity[];
  /** Tables of figures by day that the engine computes from the rows, and keeps equal to them. */
  readonly rollups?: readonly RollupInput[];
  /** Paths of a service that Tidemark replaces, for callers that know it by those. */
  readonly aliases?: readonly AliasInput[];
}

/** A connector as the engine uses it. */
export interface Connector {
  readonly name: string;
  readonly settings: z.ZodObject;
  readonly secrets: z.ZodObject;
  readonly auth: Auth;
  readonly otherAuth: readonly Auth[];
  readonly rateLimit: RateLimit | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly secretHeaders: Readonly<Record<string, SecretName>>;
  readonly lookups: Readonly<Record<string, Lookup>>;
  readonly webhooks: WebhookRules | undefined;
  readonly entities: ReadonlyMap<string, ConnectorEntity>;
  readonly references: readonly Reference[];
  readonly rollups: readonly Rollup[];
  readonly aliases: readonly Alias[];
}

/** An entity of a connector: the tables are known that are its own, hold its partitions if they are records of another entity, and exclude its records. */
export interface ConnectorEntity extends Entity {
  readonly table: string;
  readonly parents?: Parents;
  readonly exclusions?: readonly Exclusion<ConnectorEntity>[];
}

/** The schema that `defineConnector` checks its input with. */
export const connectorDefinition = z.strictObject({
  name: identifier,
  settings: z.custom<z.ZodObject>((value) => value instanceof z.ZodObject && 'baseUrl' in value.shape, {
    error:
      'must be a z.object with a baseUrl, such as z.object({ baseUrl: z.url().default("https://api.example.com") })',
  }),
  secrets: z.custom<z.ZodObject>((value) => value instanceof z.ZodObject, { error: 'must be a z.object of strings' }),
  auth,
  otherAuth: z.array(auth).default([]),
  rateLimit: rateLimit.optional(),
  headers: z.record(z.string(), z.string()).default({}),
  secretHeaders: z
    .record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, { error: 'is no name of a header' }), secretName)
    .default({}),
  lookups: lookups.default({}),
  webhooks: z
    .strictObject({
      signature: webhookSignature,
      acknowledge: z.union([z.literal(200), z.literal(202)]).default(202),
      acknowledgement: z
        .strictObject({
          body: z.string(),
          status: z.int().min(200).max(299).optional(),
          contentType: z.enum(['text/plain', 'application/json']).optional(),
        })
        .optional(),
      bodies: z.enum(['json', 'form']).optional(),
      handshake: z
        .custom<NonNullable<WebhookRules['handshake']>>((value) => typeof value === 'function', {
          error: 'must be a function',
        })
        .optional(),
      events: z.custom<WebhookRules['events']>((value) => typeof value === 'function', { error: 'must be a function' }),
    })
    .optional(),
  entities: z.array(z.custom<Entity>((value) => typeof value === 'object' && value !== null)).min(1),
  rollups: z.array(rollup).default([]),
  aliases: z.array(alias).default([]),
});

/** Describes one API. A mistake is reported with its path, such as `planning_center.auth.username`. Throws DefinitionError. */
export function defineConnector<Settings extends z.ZodObject, Secrets extends z.ZodObject>(
  input: ConnectorInput<Settings, Secrets>,
): Connector {
  const where = typeof input?.name === 'string' ? input.name : 'connector';
  const parsed = connectorDefinition.safeParse(input);
  if (!parsed.success) throw new DefinitionError(mistakes(where, parsed.error));
  const { entities, ...connector } = parsed.data;
  const found: string[] = [];
  const named = [
    ...namedSecrets(auth, connector.auth, 'auth'),
    ...connector.otherAuth.flatMap((one, index) => namedSecrets(auth, one, `otherAuth.${index}`)),
    ...namedSecrets(connectorDefinition.shape.secretHeaders, connector.secretHeaders, 'secretHeaders'),
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
  const authTexts = [...authTextsOf('auth', connector.auth)];
  for (const [index, one] of connector.otherAuth.entries()) authTexts.push(...authTextsOf(`otherAuth.${index}`, one));
  found.push(...parentMistakes(where, entities));
  found.push(...exclusionMistakes(where, entities));
  for (const [name, entity] of byName) {
    const parents = parentsOf(entity, byName);
    if (parents !== undefined) byName.set(name, { ...entity, parents });
  }
  for (const [index, one] of connector.otherAuth.entries()) {
    if (one.scheme === 'oauth2' && one.grant === 'authorizationCode')
      found.push(`${where}.otherAuth.${index}: a person authorizes by \`auth\` only`);
  }
  found.push(...lookupMistakes(where, connector.lookups, Object.keys(connector.settings.shape)));
  found.push(...placeholderMistakes(where, { ...connector, authTexts }, entities));
  const { references, found: inReferences } = referencesOf(where, [...byName.values()]);
  const readable = [...byName.values()].map((one) => ({ ...one, columns: [...one.columns, ...referenceColumns(one)] }));
  const { rollups, found: inRollups } = rollupsOf(where, connector.rollups, readable);
  found.push(...inReferences, ...inRollups);
  if (found.length > 0) throw new DefinitionError(found);
  const entityNamed = (name: string) => byName.get(name);
  for (const [name, entity] of byName) {
    const exclusions = exclusionsOf(entity.excludedBy, entityNamed);
    if (exclusions !== undefined) byName.set(name, { ...entity, exclusions });
  }
  const { rateLimit, webhooks } = connector;
  return { ...connector, rateLimit, webhooks, entities: byName, references, rollups };
}

/** The texts of a way to authorize that may contain placeholders, by their paths in the connector. */
function authTextsOf(at: string, one: Auth): [at: string, text: string][] {
  if (one.scheme !== 'oauth2') return [];
  return oauth2Templates(one).map(([place, text]) => [`${at}.${place}`, text]);
}

function parentsOf({ partitions }: Entity, byName: ReadonlyMap<string, ConnectorEntity>): Parents | undefined {
  const parent = isFrom(partitions) ? byName.get(partitions.from) : undefined;
  if (!isFrom(partitions) || parent === undefined) return undefined;
  return { entity: parent.name, table: parent.table, fields: partitions.fields };
}

/**
 * What `tidemark.config.ts` exports as default.
 * @example
 * export default defineConfig({ connectors: [shop] });
 */
export interface TidemarkConfig {
  /** The connectors of this project, each made by `defineConnector`. Their names must differ. */
  readonly connectors: readonly Connector[];
}

/** Registers connectors. Throws DefinitionError when two have the same name. */
export function defineConfig(config: TidemarkConfig): TidemarkConfig {
  const names = config.connectors.map((connector) => connector.name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0) throw new DefinitionError(twice.map((name) => `connectors.${name}: registered twice`));
  return config;
}
