import type { IncomingMessage } from 'node:http';
import type { Answer } from '../../simulator/answer';
import type { Fault } from '../../simulator/faults';
import { BadRequest, badRequest, errorAnswer, invalidToken, jsonAnswer, oauthError } from './answers';
import type { ServiceTitanControl, ServiceTitanParts } from './control';
import { exportPage } from './exports';
import { writeInstant } from './instant';
import { listContacts, listContactsOf, listCustomers } from './lists';
import type { Note, Tenant } from './tenant';

export interface Api extends ServiceTitanParts {
  readonly control: ServiceTitanControl;
}

/** One request for the data of a tenant, let in. */
interface Asked {
  readonly api: Api;
  readonly tenant: Tenant;
  readonly method: string;
  readonly url: URL;
  readonly faults: readonly Fault[];
  readonly body: string;
}

/** The API's answer, before a fault spoils it. */
export async function answerApi(
  api: Api,
  request: IncomingMessage,
  url: URL,
  faults: readonly Fault[],
): Promise<Answer> {
  const body = await textOf(request);
  const method = request.method ?? 'GET';
  if (url.pathname === '/connect/token') {
    return method === 'POST' ? api.tokens.answer(new URLSearchParams(body)) : oauthError('invalid_request', 405);
  }
  const [, name, rest] = /^\/crm\/v2\/tenant\/([^/]+)\/(.+)$/.exec(url.pathname) ?? [];
  if (name === undefined || rest === undefined) return errorAnswer(404);
  if (request.headers['st-app-key'] !== api.control.appKey) return errorAnswer(401, 'The app key is missing or wrong.');
  const authorization = request.headers.authorization ?? '';
  const allowed = api.tokens.tenantOf(authorization.replace(/^Bearer /, ''));
  if (allowed === undefined) return invalidToken;
  const tenant = api.tenants.get(name);
  if (tenant === undefined || allowed !== name) return errorAnswer(403);
  const refused = api.limiter.take(name, performance.now());
  if (refused) return refused;
  const asked = { api, tenant, method, url, faults, body };
  try {
    return api.stale.read(performance.now(), () => route(asked, rest.replace(/\/$/, '')));
  } catch (error) {
    if (error instanceof BadRequest) return badRequest(error);
    throw error;
  }
}

function route(asked: Asked, path: string): Answer {
  const { tenant, method, url, faults } = asked;
  const params = url.searchParams;
  if (method === 'GET' && asked.api.control.hidden.has(tenant.id)) return jsonAnswer(nothing(params));
  if (method === 'GET') {
    if (path === 'customers') return jsonAnswer(listCustomers(tenant, params, faults));
    if (path === 'customers/contacts') return jsonAnswer(listContacts(tenant, params, faults));
    if (path === 'export/customers') return exported(asked, 'customers');
    if (path === 'export/customers/contacts') return exported(asked, 'contacts');
  }
  const [, id, below] = /^customers\/(\d+)(?:\/(.+))?$/.exec(path) ?? [];
  if (id === undefined) return errorAnswer(404);
  const slot = tenant.customers.find(id);
  if (slot === undefined) return errorAnswer(404, `Customer ${id} was not found.`);
  if (below === undefined) return customer(asked, id, slot);
  if (below === 'notes') return notes(asked, id);
  return contacts(asked, id, below);
}

function exported({ api, tenant, url, faults }: Asked, kind: 'customers' | 'contacts'): Answer {
  const clock = { now: api.clock.now(), heldBackMs: api.control.heldBackMs, withheldMs: api.control.withheldMs };
  return jsonAnswer(exportPage(tenant, kind, url.searchParams, faults, clock));
}

function customer({ api, tenant, method, body }: Asked, id: string, slot: number): Answer {
  if (method === 'PATCH')
    api.changes.run([{ do: 'changeCustomer', tenant: tenant.id, id, fields: fieldsOf(body), modifiedOn: undefined }]);
  else if (method !== 'GET') return errorAnswer(404);
  return jsonAnswer(tenant.showCustomer(slot));
}

function notes({ api, tenant, method, body }: Asked, customer: string): Answer {
  const shown = (note: Note) => ({
    id: note.id,
    text: note.text,
    isPinned: false,
    createdById: 7001,
    createdOn: writeInstant(note.createdAt),
    modifiedOn: writeInstant(note.createdAt),
  });
  if (method === 'POST') {
    const { text } = fieldsOf(body);
    if (typeof text !== 'string' || text === '') throw new BadRequest('text', 'The text field is required.');
    const [id] = api.changes.run([{ do: 'note', tenant: tenant.id, id: customer, text }]);
    const note = tenant.notes.get(Number(id));
    return note ? jsonAnswer(shown(note)) : errorAnswer(500);
  }
  if (method !== 'GET') return errorAnswer(404);
  const data = [...tenant.notes.values()].filter((note) => note.customer === customer).map(shown);
  return jsonAnswer({ page: 1, pageSize: 50, hasMore: false, totalCount: null, data });
}

function contacts({ api, tenant, method, url, faults, body }: Asked, customer: string, below: string): Answer {
  const [, id] = /^contacts(?:\/(\d+))?$/.exec(below) ?? [];
  if (below === 'contacts' && method === 'GET')
    return jsonAnswer(listContactsOf(tenant, customer, url.searchParams, faults));
  if (below === 'contacts' && method === 'POST') {
    const [made = ''] = api.changes.run([
      { do: 'addContact', tenant: tenant.id, customer, id: undefined, fields: fieldsOf(body), modifiedOn: undefined },
    ]);
    return jsonAnswer(api.control.contact(tenant.id, made));
  }
  const slot = id === undefined ? undefined : tenant.contacts.find(id);
  if (id === undefined || slot === undefined || tenant.customerOf(slot) !== customer || !tenant.isThere(slot))
    return errorAnswer(404);
  if (method === 'PATCH') {
    api.changes.run([{ do: 'changeContact', tenant: tenant.id, id, fields: fieldsOf(body), modifiedOn: undefined }]);
  } else if (method === 'DELETE') api.changes.run([{ do: 'removeContact', tenant: tenant.id, id }]);
  else return errorAnswer(404);
  return jsonAnswer(api.control.contact(tenant.id, id));
}

function nothing(params: URLSearchParams) {
  return {
    page: 1,
    pageSize: 50,
    hasMore: false,
    continueFrom: params.get('from') ?? '',
    totalCount: params.get('includeTotal')?.toLowerCase() === 'true' ? 0 : null,
    data: [],
  };
}

function fieldsOf(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new BadRequest('body', 'A JSON object is required.');
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
