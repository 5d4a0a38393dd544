import type { IncomingMessage, ServerResponse } from 'node:http';
import { json, startSource, type TestSource } from './httpSource';

/** A source with a token endpoint at `/token` and people at `/people`, which only a live access token can read. */
export interface TokenSource extends TestSource {
  /** the forms that came to the token endpoint, in order */
  readonly asked: URLSearchParams[];
  /** the `Authorization` headers that came with them */
  readonly proofs: (string | undefined)[];
  /** the requests for people that were answered 401 */
  refused: number;
  /** seconds that a token lives; undefined: the response does not say */
  expiresIn: unknown;
  /** whether refresh tokens are issued, and whether each use replaces them */
  refresh: 'none' | 'same' | 'rotating';
  /** instead of a token, once for each */
  readonly instead: ((response: ServerResponse) => void)[];
  /** before the response to a request for a token is sent */
  beforeToken: () => Promise<void>;
  /** credentials that are accepted; anything else is `invalid_client` or `invalid_grant` */
  readonly known: { clientId: string; clientSecret: string; username: string; password: string };
  /** no access token that was issued up to now is accepted any more */
  revoke(): void;
  /** before a page of `/pages`, a list of five pages by `next`, is sent */
  beforePage: (page: number) => void;
  /** a refused resource: answers 401 whatever token comes */
  closed: boolean;
  /** the refresh token that is valid now */
  currentRefresh: string;
  /** whether a refresh token that had been replaced was sent, after which none is valid */
  reused: boolean;
}

export async function startTokenSource(): Promise<TokenSource> {
  const live = new Set<string>();
  let issued = 0;
  const replaced = new Set<string>();

  const source = await startSource((request, response, url) => {
    if (url.pathname === '/token') return void tokenFor(request, response);
    const page = Number(url.searchParams.get('page') ?? 1);
    if (url.pathname === '/pages') state.beforePage(page);
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (state.closed || !live.has(token)) {
      state.refused += 1;
      return json(response, { detail: `token ${token} is not valid` }, 401);
    }
    if (url.pathname === '/pages') {
      const data = [{ id: page, name: `Person ${page}`, updated_at: '2026-01-01T00:00:00Z' }];
      return json(response, { data, next: page < 5 ? `/pages?page=${page + 1}` : null });
    }
    const one = /^\/people\/(\d+)$/.exec(url.pathname)?.[1];
    return json(
      response,
      one === undefined ? [{ id: 1, name: 'Ada', updated_at: '2026-01-01T00:00:00Z' }] : { id: one },
    );
  });

  async function tokenFor(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    state.asked.push(form);
    state.proofs.push(request.headers.authorization);
    const other = state.instead.shift();
    if (other) return other(response);
    const error = problemOf(form, request.headers.authorization);
    if (error !== undefined) return json(response, { error, error_description: `refused ${form.toString()}` }, 400);
    const accessToken = `access-${++issued}-${Math.random().toString(36).slice(2)}`;
    live.add(accessToken);
    const rotated = state.refresh === 'rotating' || (state.refresh === 'same' && state.currentRefresh === '');
    const sent = form.get('refresh_token');
    if (state.refresh === 'rotating' && sent !== null) replaced.add(sent);
    if (rotated) state.currentRefresh = `refresh-${issued}-${Math.random().toString(36).slice(2)}`;
    await state.beforeToken();
    json(response, {
      access_token: accessToken,
      token_type: 'Bearer',
      ...(state.expiresIn === undefined ? {} : { expires_in: state.expiresIn }),
      ...(rotated ? { refresh_token: state.currentRefresh } : {}),
    });
  }

  function problemOf(form: URLSearchParams, proof: string | undefined): string | undefined {
    const { clientId, clientSecret, username, password } = state.known;
    const basic = `Basic ${Buffer.from(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`).toString('base64')}`;
    const inBody = form.get('client_id') === clientId && form.get('client_secret') === clientSecret;
    if (!inBody && proof !== basic) return 'invalid_client';
    switch (form.get('grant_type')) {
      case 'client_credentials':
        return undefined;
      case 'password':
        return form.get('username') === username && form.get('password') === password ? undefined : 'invalid_grant';
      case 'refresh_token': {
        const sent = form.get('refresh_token') ?? '';
        if (replaced.has(sent)) {
          state.reused = true;
          state.currentRefresh = '';
          live.clear();
        }
        return sent !== '' && sent === state.currentRefresh ? undefined : 'invalid_grant';
      }
      default:
        return 'unsupported_grant_type';
    }
  }

  const state: TokenSource = Object.assign(source, {
    asked: [] as URLSearchParams[],
    proofs: [] as (string | undefined)[],
    refused: 0,
    expiresIn: 3600 as unknown,
    refresh: 'none' as TokenSource['refresh'],
    instead: [] as TokenSource['instead'][number][],
    beforeToken: async () => undefined,
    known: {
      clientId: 'the client',
      clientSecret: 's3cret/of+client',
      username: 'ada@example.com',
      password: 'pass word&1',
    },
    revoke: () => live.clear(),
    beforePage: () => undefined,
    closed: false,
    currentRefresh: '',
    reused: false,
  });
  return state;
}

/** As RFC 6749, appendix B has it. */
function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
