import { z } from 'zod';

/** What the demo does at the source, over the simulator's control API. */
export interface Source {
  /** records that live there */
  count(entity: string): Promise<number>;
  create(id: string, firstName: string, options: { readonly webhook: boolean }): Promise<void>;
  change(id: string, firstName: string, options: { readonly webhook: boolean }): Promise<void>;
  delete(id: string, options: { readonly webhook: boolean }): Promise<void>;
}

const status = z.object({ records: z.record(z.string(), z.number()) });

export function sourceAt(simulatorUrl: string): Source {
  const operate = (operation: object) =>
    request(simulatorUrl, '/control/bulk', { operations: [{ entity: 'people', ...operation }] });
  return {
    async count(entity) {
      const { records } = status.parse(await request(simulatorUrl, '/control/status'));
      return records[entity] ?? 0;
    },
    async create(id, firstName, { webhook }) {
      await operate({ do: 'create', id, attributes: { first_name: firstName, last_name: 'Demo' }, webhook });
    },
    async change(id, firstName, { webhook }) {
      await operate({ do: 'change', id, attributes: { first_name: firstName }, webhook });
    },
    async delete(id, { webhook }) {
      await operate({ do: 'delete', id, webhook });
    },
  };
}

async function request(simulatorUrl: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${simulatorUrl}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(10_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the simulator answers ${path} with ${response.status}: ${text.slice(0, 200)}`);
  return text === '' ? undefined : JSON.parse(text);
}
