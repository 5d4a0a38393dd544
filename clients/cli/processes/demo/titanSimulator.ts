import { z } from 'zod';
import { controlRequest } from './controlRequest';

/** What the proof does at the simulated ServiceTitan, over its control API. */
export interface Titan {
  counts(): Promise<{ readonly customers: number; readonly contacts: number }>;
  contactsOf(customer: string): Promise<readonly { readonly id: number; readonly type: string }[]>;
  note(customer: string): Promise<void>;
  changeContact(contact: string, value: string): Promise<void>;
  revokeTokens(): Promise<void>;
  /** requests by path since the last `clearLog` */
  requests(): Promise<Readonly<Record<string, number>>>;
  clearLog(): Promise<void>;
}

const status = z.object({
  tenants: z.record(z.string(), z.object({ customers: z.number(), contacts: z.number() })),
  requests: z.object({ byPath: z.record(z.string(), z.number()) }),
});
const customer = z.object({ contacts: z.array(z.object({ id: z.number(), type: z.string() })) });

export function titanAt(url: string, tenant: string): Titan {
  const ask = (method: string, path: string, body?: unknown) => controlRequest(method, `${url}/control${path}`, body);
  const current = async () => status.parse(await ask('GET', '/status'));
  return {
    async counts() {
      return (await current()).tenants[tenant] ?? { customers: 0, contacts: 0 };
    },
    async contactsOf(id) {
      return customer.parse(await ask('GET', `/${tenant}/customers/${id}`)).contacts;
    },
    async note(id) {
      await ask('POST', `/${tenant}/customers/${id}/notes`, { text: 'Force sync' });
    },
    async changeContact(id, value) {
      await ask('PATCH', `/${tenant}/contacts/${id}`, { fields: { value } });
    },
    async revokeTokens() {
      await ask('POST', '/tokens/revoke', {});
    },
    async requests() {
      return (await current()).requests.byPath;
    },
    async clearLog() {
      await ask('DELETE', '/log');
    },
  };
}
