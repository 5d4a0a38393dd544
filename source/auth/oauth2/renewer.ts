import { setTimeout as sleep } from 'node:timers/promises';
import { notAuthorized } from '../../../schema/definition/auth/oauth2';
import { TidemarkError } from '../../../schema/errors';
import type { IssuedToken, StoredToken, TokenLease, TokenStore } from '../../../schema/ports';
import { NoTokenResponse, type TokenEndpoint } from '../authorizer';
import type { Grant } from './grant';
import type { TokenAnswer } from './response';

/** How long one process alone may renew a connection's tokens. */
export const leaseMs = 30_000;
/** A request for a token ends this long before the lease does, so that no two are under way with the same refresh token. */
export const leaseMarginMs = 5_000;
/** The longest request for a token, body included. */
const requestMs = 20_000;
/** After a renewal that no request has succeeded with, none is made for this long: the refusal is not about the token. */
export const restMs = 60_000;
/** How often a process looks whether another one has renewed the tokens. */
const lookMs = 200;
/** For how long what was issued is tried to be stored, at first. Until it is, it is kept in memory. */
const savingMs = 30_000;
const firstPauseMs = 100;
const longestPauseMs = 2_000;

export interface Renewer {
  /**
   * A usable token of another generation than the refused one, renewed if it must be. `isFresh` says whether one need not be
   * renewed yet. Throws TidemarkError.
   */
  obtain(refused: number | undefined, isFresh: (stored: StoredToken) => boolean): Promise<StoredToken>;
}

interface Unsaved {
  readonly lease: TokenLease;
  readonly issued: IssuedToken;
  /** when it was asked for, in milliseconds of `performance.now()` */
  readonly askedAt: number;
}

/**
 * Renews a connection's tokens. Leave of the budget comes first and the lease second, since a wait for leave can be long. The request
 * is shorter than the lease, so that a refresh token is never under way twice. What a request brings is stored only where the tokens
 * are still those that it was made for.
 */
export function createRenewer(grant: Grant, tokens: TokenStore, endpoint: TokenEndpoint): Renewer {
  let unsaved: Unsaved | undefined;
  return { obtain };

  async function obtain(refused: number | undefined, isFresh: (stored: StoredToken) => boolean): Promise<StoredToken> {
    for (;;) {
      if (unsaved) await save(unsaved);
      const stored = await tokens.read();
      if (stored.needsCredentials !== undefined) throw needed(endpoint, stored.needsCredentials);
      const usable = stored.accessToken !== undefined && stored.generation !== refused && (stored.expiresInMs ?? 1) > 0;
      if (usable && isFresh(stored)) return stored;
      if (stored.generation === refused) assertMayRenew(stored);
      if (stored.leasedForMs > 0) {
        // another process renews it before it expires
        if (usable) return stored;
        await sleep(Math.min(lookMs, stored.leasedForMs));
        continue;
      }
      try {
        await renew(stored);
      } catch (error) {
        if (usable && isPassing(error)) return stored;
        throw error;
      }
    }
  }

  /** A 401 right after a renewal is about something else than the token: a right, an app key, a scope. */
  function assertMayRenew({ storedMsAgo, succeeded, refusedMsAgo }: StoredToken): void {
    const unproved = storedMsAgo !== undefined && storedMsAgo < restMs && !succeeded;
    if (!unproved && (refusedMsAgo ?? restMs) >= restMs) return;
    const ago = Math.round((unproved ? storedMsAgo : (refusedMsAgo ?? 0)) / 1000);
    throw endpoint.error(
      'CredentialsRefused',
      unproved
        ? `the source answers 401 to an access token that was issued ${ago} s ago`
        : `the source answers 401, and answered so ${ago} s ago to an access token that had just been issued`,
      'No other token was asked for, since the refusal is not about it: check the rights of the account, the scope and the keys in headers',
    );
  }

  async function renew(stored: StoredToken): Promise<void> {
    const refreshToken = grant.refreshTokenFor(stored);
    if (refreshToken === undefined && !grant.standsAlone) return await withoutAny(stored);
    await endpoint.leave(neverAborted);
    const began = performance.now();
    const lease = await tokens.lease(stored.generation, { ms: leaseMs, rotating: refreshToken !== undefined });
    // they are others by now, or somebody else renews them
    if (lease === undefined) return;
    const answer = await ask(lease, refreshToken, began);
    switch (answer?.kind) {
      case undefined:
        return;
      case 'issued':
        return await save({ lease, issued: answer.issued, askedAt: began });
      case 'refused':
        return await refusedBy(lease, stored, refreshToken, answer.problem);
      case 'failed':
        await lease.release(answer.delivered && refreshToken !== undefined);
        throw answer.error;
    }
  }

  /** Only a person can get tokens, and there is none to renew. */
  async function withoutAny({ generation, accessToken }: StoredToken): Promise<void> {
    const because =
      accessToken === undefined
        ? notAuthorized
        : 'the access token has expired or is refused, and the source gave no refresh token: make a page to sign in with `connect --link`';
    const lease = await tokens.lease(generation, { ms: leaseMs, rotating: false });
    if (await lease?.needCredentials(because)) throw needed(endpoint, because);
  }

  /** Undefined where too little of the lease is left. */
  async function ask(
    lease: TokenLease,
    refreshToken: string | undefined,
    began: number,
  ): Promise<TokenAnswer | undefined> {
    const timeoutMs = Math.min(requestMs, leaseMs - leaseMarginMs - (performance.now() - began));
    if (timeoutMs < 1_000) {
      await lease.release(false);
      return undefined;
    }
    try {
      return await grant.ask(refreshToken, timeoutMs);
    } catch (error) {
      if (error instanceof NoTokenResponse) return { kind: 'failed', error: error.error, delivered: error.delivered };
      await lease.release(refreshToken !== undefined);
      throw error;
    }
  }

  async function refusedBy(
    lease: TokenLease,
    { unansweredSince }: StoredToken,
    refreshToken: string | undefined,
    problem: string,
  ): Promise<void> {
    // no verdict on the credentials: the token may have been used up by somebody else
    if (refreshToken !== undefined && grant.standsAlone) {
      await lease.dropRefreshToken();
      return;
    }
    const lost =
      refreshToken === undefined || unansweredSince === undefined
        ? ''
        : `; the response to a renewal of ${unansweredSince.toISOString()} was lost, and with it the refresh token that it may have brought`;
    const reused =
      refreshToken === undefined ? '' : '; a refresh token that another system uses as well is refused here';
    const because = endpoint.redact(`the token endpoint ${problem}${lost === '' ? reused : lost}`);
    // false: the refusal is about tokens that are not the stored ones any more
    if (await lease.needCredentials(because)) throw needed(endpoint, because);
  }

  async function save(what: Unsaved): Promise<void> {
    unsaved = what;
    const { lease, issued, askedAt } = what;
    const began = performance.now();
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      try {
        const { expiresInMs } = issued;
        const leftMs = expiresInMs === undefined ? undefined : Math.max(0, expiresInMs - (performance.now() - askedAt));
        // false: others were stored meanwhile, by this very statement or after a change of the credentials
        await lease.save({ ...issued, expiresInMs: leftMs });
        unsaved = undefined;
        return;
      } catch (error) {
        if (performance.now() - began > savingMs) throw error;
        await sleep(pauseMs, undefined, { ref: false });
      }
    }
  }
}

const neverAborted = new AbortController().signal;

function isPassing(error: unknown): boolean {
  return error instanceof TidemarkError && (error.recovery === 'retry' || error.recovery === 'wait');
}

function needed(endpoint: TokenEndpoint, because: string): TidemarkError {
  return endpoint.error(
    'CredentialsRefused',
    `the connection needs credentials (${because})`,
    'Nothing is sent until it has others: `tidemark connect <connector> <connection> --update`',
  );
}
