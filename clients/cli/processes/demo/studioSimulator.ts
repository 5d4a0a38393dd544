import { z } from 'zod';
import { controlRequest } from './controlRequest';

/** What the proof does at the simulated Mariana Tek, over its control API. */
export interface Studios {
  /** how many records of each kind a brand has */
  counts(brand: string): Promise<Readonly<Record<string, number>>>;
  /** what a table that is equal to the brand adds up to */
  totals(brand: string): Promise<z.infer<typeof totals>>;
  change(brand: string, kind: string, id: string, attributes: Readonly<Record<string, unknown>>): Promise<void>;
  remove(brand: string, kind: string, id: string): Promise<void>;
  revokeTokens(brand: string): Promise<void>;
  /** as if another client had used the brand's refresh tokens */
  useRefreshTokens(brand: string): Promise<void>;
  /** what becomes of the next jobs of reports */
  decideJobs(next: readonly string[]): Promise<void>;
  /** requests by path since the last `clearLog` */
  requests(): Promise<Readonly<Record<string, number>>>;
  clearLog(): Promise<void>;
}

const totals = z.object({ pastBookings: z.number(), deferredCents: z.number(), salePriceCents: z.number() });
const status = z.object({
  brands: z.record(z.string(), z.record(z.string(), z.number())),
  requests: z.object({ byPath: z.record(z.string(), z.number()) }),
});

export function studiosAt(url: string): Studios {
  const ask = (method: string, path: string, body?: unknown) => controlRequest(method, `${url}/control${path}`, body);
  const current = async () => status.parse(await ask('GET', '/status'));
  return {
    async counts(brand) {
      return (await current()).brands[brand] ?? {};
    },
    async totals(brand) {
      return totals.parse(await ask('GET', `/${brand}/totals`));
    },
    async change(brand, kind, id, attributes) {
      await ask('PATCH', `/${brand}/${kind}/${id}`, { attributes });
    },
    async remove(brand, kind, id) {
      await ask('DELETE', `/${brand}/${kind}/${id}`);
    },
    async revokeTokens(brand) {
      await ask('POST', `/${brand}/revoke`, {});
    },
    async useRefreshTokens(brand) {
      await ask('POST', `/${brand}/use-refresh-tokens`, {});
    },
    async decideJobs(next) {
      await ask('PUT', '/jobs', { next });
    },
    async requests() {
      return (await current()).requests.byPath;
    },
    async clearLog() {
      await ask('DELETE', '/log');
    },
  };
}
