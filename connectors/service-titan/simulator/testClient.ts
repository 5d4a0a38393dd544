import { type Response, send } from '../../simulator/testClient';
import type { ServiceTitanSimulator, TenantOptions } from './server';
import type { Shown } from './tenant';

export interface ApiResponse extends Response {
  /** parsed; the fields of every form of body, absent where the body has none */
  readonly json: {
    readonly page?: number;
    readonly hasMore?: boolean;
    readonly totalCount?: number | null;
    readonly continueFrom?: string;
    readonly data: readonly Shown[];
    readonly title?: string;
    readonly errors?: Readonly<Record<string, readonly string[]>>;
    readonly access_token?: string;
    readonly [field: string]: unknown;
  };
}

export const appKey = 'app-key';
export const tenant: TenantOptions = { tenant: '1001', customers: 400, clientId: 'client', clientSecret: 'secret' };

/** A client of one tenant that asks for a token when it is made. */
export async function clientOf(simulator: ServiceTitanSimulator, { tenant: id, clientId, clientSecret } = tenant) {
  const token = await newToken(simulator, clientId, clientSecret);
  const bearer = `Bearer ${token.json.access_token}`;
  return {
    bearer,
    async ask(path: string, body?: object, method = body ? 'POST' : 'GET', headers = {}): Promise<ApiResponse> {
      const response = await send(`${simulator.url}/crm/v2/tenant/${id}${path}`, {
        method,
        headers: { authorization: bearer, 'st-app-key': appKey, ...headers },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      return parsed(response);
    },
  };
}

export async function newToken(simulator: ServiceTitanSimulator, clientId: string, clientSecret: string) {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return parsed(await send(`${simulator.url}/connect/token`, { method: 'POST', headers, body: form.toString() }));
}

function parsed(response: Response): ApiResponse {
  return { ...response, json: JSON.parse(response.text) };
}

export const idsOf = ({ json }: ApiResponse): number[] => json.data.map(({ id }) => id);
