import { type Response, send } from '../../simulator/testClient';
import type { BrandOptions, MarianaTekSimulator } from './server';

export const account = {
  ...{ username: 'ada', password: 'pass', apiKey: 'the-key' },
  ...{ clientId: 'client', clientSecret: 'client-secret' },
};
export const harbour: BrandOptions = { name: 'harbour', customers: 300, bookings: 1200, ...account };
export const summit: BrandOptions = { name: 'summit', customers: 50, bookings: 100, edition: 'renamed', ...account };

/** A record or report of a list. */
interface Item {
  readonly id: string;
  readonly attributes: { readonly slug: string; readonly start_date: string };
}

/** The fields of every form of body, absent where a body has none. */
interface Body {
  readonly data: readonly Item[] & {
    readonly attributes: { headers: string[]; rows: (string | null)[][]; max_results_exceeded: boolean };
    readonly status: string;
    readonly s3_link: string;
  };
  readonly meta: { readonly pagination: { readonly count: number } };
  readonly detail: string;
  readonly error: string;
  readonly scope: string;
  readonly access_token: string;
  readonly refresh_token: string;
  readonly rows: readonly unknown[];
  readonly total_records: number;
}

export interface ApiResponse extends Response {
  readonly json: Body;
}

/** One request for a token. */
export async function newToken(
  simulator: MarianaTekSimulator,
  form: Readonly<Record<string, string>> = { grant_type: 'password', username: 'ada', password: 'pass' },
  brand = 'harbour',
): Promise<ApiResponse> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = new URLSearchParams(form).toString();
  return parsed(await send(`${simulator.urls[brand]}/o/token/`, { method: 'POST', headers, body }));
}

/** Asks a brand, with its API key unless another token is given. */
export async function ask(
  simulator: MarianaTekSimulator,
  path: string,
  { brand = 'harbour', token = account.apiKey } = {},
): Promise<ApiResponse> {
  const headers = { authorization: `Bearer ${token}` };
  return parsed(await send(`${simulator.urls[brand]}${path}`, { headers }));
}

export function parsed(response: Response): ApiResponse {
  return { ...response, json: JSON.parse(response.text) };
}
