import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { audit } from '../../../destination/audit';
import { createBudget } from '../../../destination/budget/budget';
import {
  beginJourney,
  findLink,
  storeAuthorized,
  takeJourney,
  unguessable,
} from '../../../destination/connections/authorizationLinks';
import { getConnection } from '../../../destination/connections/connections';
import { type KeyRing, loadSecrets } from '../../../destination/connections/secrets';
import type { Connector } from '../../../schema/definition/connector';
import { connectorOf } from '../../../schema/definition/registered';
import type { ProxyFor } from '../../../schema/settings/proxies';
import { type Authorization, authorizationOf } from '../../../source/authorization';
import { catchUp } from '../../operations/connections/catchUp';
import { readyContext } from '../../operations/definition/context';

export interface ConnectParts {
  readonly db: Knex;
  readonly client: Client;
  readonly connectors: readonly Connector[];
  readonly ring: KeyRing;
  readonly taskQueue?: string | undefined;
  readonly proxyFor?: ProxyFor | undefined;
  readonly log: { warn(details: object, message: string): void; info(details: object, message: string): void };
  /** requests of one address in a minute; default 60 */
  readonly requestsPerMinute?: number | undefined;
}

interface Ended {
  readonly status: number;
  readonly title: string;
  readonly text: string;
}

/** What the pages do: find a page, lead a browser to the source, and take the person back. */
export function createJourneys({ db, client, connectors, ring, taskQueue, proxyFor, log }: ConnectParts) {
  return { find, begin, end };

  async function find(token: string) {
    const link = await findLink(db, token);
    const opened = link && (await open(link.connectionId));
    if (opened === undefined) return undefined;
    const { connector, authorization } = opened;
    return { connectionId: link?.connectionId ?? '', connector: connector.name, host: authorization.host() };
  }

  /** Undefined for a page that is not valid. */
  async function begin(token: string) {
    const link = await findLink(db, token);
    const opened = link && (await open(link.connectionId));
    if (link === undefined || opened === undefined) return undefined;
    const { connectionId, redirectUri } = link;
    const journey = { state: unguessable(), verifier: unguessable() };
    const browser = unguessable();
    if (!(await beginJourney(db, ring, { token, connectionId }, { ...journey, browser }))) return undefined;
    const address = await opened.authorization.address({ ...journey, redirectUri });
    return { address, browser, secure: redirectUri.startsWith('https:') };
  }

  async function end(response: URLSearchParams, browser: string): Promise<Ended> {
    const state = response.get('state') ?? '';
    const code = response.get('code');
    const journey = await takeJourney(db, ring, { state, browser, use: code !== null });
    if (journey === undefined) return unknown;
    const { connectionId, redirectUri, verifier } = journey;
    if (code === null) {
      log.warn({ connection: connectionId, reason: declined(response) }, 'a person did not authorize a connection');
      return {
        status: 400,
        title: 'Not connected',
        text: `The source says: ${declined(response)}. The page can be used again.`,
      };
    }
    const opened = await open(connectionId);
    if (opened === undefined) return unknown;
    const answer = await opened.authorization.redeem({ redirectUri, state, verifier }, response);
    if ('problem' in answer) {
      log.warn({ connection: connectionId, reason: answer.problem }, 'a connection could not be authorized');
      return {
        status: 502,
        title: 'Not connected',
        text: 'The source gave no access. Ask for a new page; the log of the server says why.',
      };
    }
    await db.transaction(async (tx) => {
      await storeAuthorized(tx, ring, connectionId, answer.issued);
      await audit(tx, {
        actor: 'page',
        action: 'authorized',
        connectionId,
        reason: 'a person signed in at the source',
      });
    });
    log.info({ connection: connectionId }, 'a connection was authorized');
    await catchUp(readyContext({ db, client, connectors, taskQueue, ring }), connectionId);
    return { status: 200, title: 'Connected', text: 'Tidemark can read the account now. You can close this window.' };
  }

  async function open(
    connectionId: string,
  ): Promise<{ readonly connector: Connector; readonly authorization: Authorization } | undefined> {
    const stored = await getConnection(db, connectionId);
    const connector = connectorOf(connectors, stored);
    const { id, settings, timeZone } = stored;
    const authorization = authorizationOf({
      connector,
      connection: { id, settings, timeZone },
      secrets: await loadSecrets(db, ring, id),
      budget: createBudget(db, { account: id, rateLimit: connector.rateLimit, priority: 'webhook' }),
      proxyFor,
    });
    return authorization && { connector, authorization };
  }
}

const unknown: Ended = {
  status: 400,
  title: 'Not connected',
  text: 'This does not belong to a page that you opened in this browser. Open the page again, or ask for a new one.',
};

/** The error of RFC 6749, section 4.1.2.1: a word. */
function declined(response: URLSearchParams): string {
  const error = response.get('error') ?? '';
  return /^[a-z_]{1,40}$/.test(error) ? error : 'an unknown error';
}
