import type { Client } from '@temporalio/client';
import { isGrpcServiceError } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { messageOf } from '../../schema/errors';
import { searchAttributeNames, type Target } from '../../schema/workflows';

export interface SearchAttributesRegistered {
  readonly registered: boolean;
  /** why not, and what to do; null when they are */
  readonly reason: string | null;
}

/**
 * Registers Tidemark's search attributes in the client's namespace, where they are missing. Without the right to do so
 * (Temporal Cloud wants its own tool) nothing fails: workflows then carry the same in their memo only.
 */
export async function registerSearchAttributes(client: Client): Promise<SearchAttributesRegistered> {
  const { namespace } = client.options;
  try {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
    const missing = searchAttributeNames.filter((name) => !(name in (customAttributes ?? {})));
    if (missing.length > 0) {
      const type = temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
      await client.connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing.map((name) => [name, type])),
      });
    }
    known.set(client.connection, { namespace, answer: Promise.resolve(true), until: Number.POSITIVE_INFINITY });
    return { registered: true, reason: null };
  } catch (error) {
    if (!isGrpcServiceError(error) || unreachable.has(error.code)) throw error;
    if (await areRegistered(client)) return { registered: true, reason: null };
    return {
      registered: false,
      reason:
        `Temporal does not let us register search attributes in namespace '${namespace}' (${messageOf(error)}): workflows carry ` +
        `connection, entity and strategy in their memo instead. To search by them, have ${searchAttributeNames.join(', ')} added as Keyword.`,
    };
  }
}

/** gRPC: deadline exceeded, unavailable */
const unreachable: ReadonlySet<number> = new Set([4, 14]);

const known = new WeakMap<object, { namespace: string; answer: Promise<boolean>; until: number }>();

/** How long "they are not registered" is believed: an operator may be adding them. */
const believedMs = 60_000;

/** Whether workflows may carry our search attributes: a namespace without them refuses to start such a workflow. */
export function areRegistered(client: Client): Promise<boolean> {
  const { namespace } = client.options;
  const before = known.get(client.connection);
  if (before && before.namespace === namespace && before.until > Date.now()) return before.answer;
  const answer = probe(client);
  const entry = { namespace, answer, until: Date.now() + believedMs };
  known.set(client.connection, entry);
  answer.then(
    (yes) => {
      if (yes) entry.until = Number.POSITIVE_INFINITY;
    },
    () => {
      entry.until = 0;
    },
  );
  return answer;
}

/** Asked by a query, since everybody who may start workflows may count them, but not everybody may list attributes. */
async function probe(client: Client): Promise<boolean> {
  try {
    await client.connection.workflowService.countWorkflowExecutions({
      namespace: client.options.namespace,
      query: searchAttributeNames.map((name) => `${name} = 'x'`).join(' AND '),
    });
    return true;
  } catch (error) {
    // invalid argument: no such search attribute
    if (isGrpcServiceError(error) && error.code === 3) return false;
    throw error;
  }
}

/** What a workflow of ours carries, so that people find it in Temporal. */
export async function labels(client: Client, { connectionId, entity }: Target, strategy: string): Promise<Labels> {
  const memo = { connection: connectionId, entity, strategy };
  if (!(await areRegistered(client))) return { memo };
  return {
    memo,
    searchAttributes: {
      TidemarkConnection: [connectionId],
      TidemarkEntity: [entity],
      TidemarkStrategy: [strategy],
    },
  };
}

export interface Labels {
  readonly memo: { readonly connection: string; readonly entity: string; readonly strategy: string };
  readonly searchAttributes?: Record<(typeof searchAttributeNames)[number], string[]>;
}
