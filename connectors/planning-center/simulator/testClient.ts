import { request } from 'node:http';
import type { Simulator } from './server';

export interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
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
export function get(simulator: Simulator, path: string, auth = 'app:key'): Promise<Response> {
  return new Promise((resolve, reject) => {
    const sent = request(`${simulator.url}${path}`, { auth }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('aborted', () => reject(new Error('aborted')));
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) });
      });
    });
    sent.once('error', reject);
    sent.end();
  });
}

function parsed(text: string): ListBody {
  try {
    return JSON.parse(text);
  } catch {
    return { links: { self: '' }, data: [], included: [], meta: { total_count: Number.NaN, count: Number.NaN } };
  }
}

export const idsOf = (response: Response): string[] => response.json.data.map(({ id }) => id);
