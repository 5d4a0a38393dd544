import { type Response as PlainResponse, send } from '../../simulator/testClient';
import type { Simulator } from './server';

export interface Response extends PlainResponse {
  /** parsed, or undefined when it is not JSON */
  readonly json: ListBody;
}

export interface ListBody {
  links: { self: string; next?: string; prev?: string };
  data: { id: string; attributes: Record<string, unknown>; relationships: Record<string, unknown> }[];
  included: unknown[];
  meta: { total_count: number; count: number; next?: { offset: number }; prev?: { offset: number } };
}

/** A GET as a client would send it, with basic authentication. Rejects when the connection breaks. */
export async function get(simulator: Simulator, path: string, auth = 'app:key'): Promise<Response> {
  const authorization = `Basic ${Buffer.from(auth).toString('base64')}`;
  const response = await send(`${simulator.url}${path}`, { headers: { authorization } });
  return { ...response, json: parsed(response.text) };
}

function parsed(text: string): ListBody {
  try {
    return JSON.parse(text);
  } catch {
    return { links: { self: '' }, data: [], included: [], meta: { total_count: Number.NaN, count: Number.NaN } };
  }
}

export const idsOf = (response: Response): string[] => response.json.data.map(({ id }) => id);
