import { CommonControl, type CommonParts, ControlError } from '../../simulator/control';
import { type ChangeInput, type Changes, changes } from './changes';
import type { RateLimiter, RateLimitSetting } from './rateLimit';
import type { Note, Shown, Tenant } from './tenant';
import type { Tokens } from './tokens';

export interface ServiceTitanParts extends CommonParts {
  readonly tenants: ReadonlyMap<string, Tenant>;
  readonly changes: Changes;
  readonly tokens: Tokens;
  readonly limiter: RateLimiter;
}

type Fields = Readonly<Record<string, unknown>>;

/** Everything a test or an operator can do to the simulated ServiceTitan. The routes below `/control` do the same over HTTP. */
export class ServiceTitanControl extends CommonControl<ServiceTitanParts> {
  /** tenants whose lists and exports are empty, as after the permission was taken away */
  readonly hidden = new Set<string>();
  /** how long an export withholds the newest changes, unless they are asked for */
  heldBackMs = 60_000;
  /** how long it withholds them although they are asked for: nothing says how soon `includeRecentChanges` shows them */
  withheldMs = 0;

  constructor(
    parts: ServiceTitanParts,
    /** of the app, for all tenants; another one revokes it */
    public appKey: string,
  ) {
    super(parts);
  }

  /** Does many changes in order; returns the id of each. Throws ControlError (some may be done) or ZodError (none is). */
  bulk(list: readonly ChangeInput[]): string[] {
    return this.parts.changes.run(changes.parse(list));
  }

  /** Returns the id: the given one, or a new one. */
  createCustomer(tenant: string, fields: Fields = {}, id?: string): string {
    return this.bulk([{ do: 'createCustomer', tenant, id, fields: { ...fields } }])[0] ?? '';
  }

  changeCustomer(tenant: string, id: string, fields: Fields): void {
    this.bulk([{ do: 'changeCustomer', tenant, id, fields: { ...fields } }]);
  }

  /** Adds a note, which moves the customer's `modifiedOn`. Returns the note's id. */
  note(tenant: string, id: string, text = 'note'): string {
    return this.bulk([{ do: 'note', tenant, id, text }])[0] ?? '';
  }

  /** The notes of a customer, oldest first. */
  notesOf(tenant: string, customer: string): Note[] {
    return [...this.parts.changes.tenant(tenant).notes.values()].filter((note) => note.customer === customer);
  }

  addContact(tenant: string, customer: string, fields: Fields): string {
    return this.bulk([{ do: 'addContact', tenant, customer, fields: { ...fields } }])[0] ?? '';
  }

  changeContact(tenant: string, id: string, fields: Fields): void {
    this.bulk([{ do: 'changeContact', tenant, id, fields: { ...fields } }]);
  }

  removeContact(tenant: string, id: string): void {
    this.bulk([{ do: 'removeContact', tenant, id }]);
  }

  merge(tenant: string, keep: string, remove: string): void {
    this.bulk([{ do: 'merge', tenant, keep, remove }]);
  }

  /** The customer as the API shows it now. Throws ControlError where there is none. */
  customer(tenant: string, id: string): Shown {
    const found = this.parts.changes.tenant(tenant);
    const slot = found.customers.find(id);
    if (slot === undefined) throw new ControlError(`there is no customer ${id}`);
    return found.showCustomer(slot);
  }

  /** The contact as the export shows it now. Throws ControlError where there is none. */
  contact(tenant: string, id: string): Shown {
    const found = this.parts.changes.tenant(tenant);
    const slot = found.contacts.find(id);
    if (slot === undefined) throw new ControlError(`there is no contact ${id}`);
    return found.showContact(slot);
  }

  contactsOf(tenant: string, customer: string): Shown[] {
    const found = this.parts.changes.tenant(tenant);
    return found.contactsOf(customer).map((slot) => found.showContact(slot));
  }

  /** All customers in the order of their ids, for comparing with a table. */
  *customers(tenant: string): Generator<Shown> {
    const found = this.parts.changes.tenant(tenant);
    for (const slot of found.customers.allSlots()) yield found.showCustomer(slot);
  }

  count(tenant: string): { readonly customers: number; readonly contacts: number } {
    const { customers, contacts } = this.parts.changes.tenant(tenant);
    return { customers: customers.size, contacts: contacts.size };
  }

  get tenantIds(): readonly string[] {
    return [...this.parts.tenants.keys()];
  }

  hide(tenant: string, hidden = true): void {
    if (hidden) this.hidden.add(this.parts.changes.tenant(tenant).id);
    else this.hidden.delete(tenant);
  }

  /** Whether a changed contact moves its customer's `modifiedOn`. */
  set contactsMoveCustomer(moves: boolean) {
    this.parts.changes.contactsMoveCustomer = moves;
  }

  get contactsMoveCustomer(): boolean {
    return this.parts.changes.contactsMoveCustomer;
  }

  /** Every access token of a tenant, or of all, is refused from now on. Returns how many there were. */
  revokeTokens(tenant?: string): number {
    return this.parts.tokens.revoke(tenant);
  }

  /** Of access tokens issued from now on. */
  set tokenLifeSeconds(seconds: number) {
    this.parts.tokens.lifeSeconds = seconds;
  }

  get tokenLifeSeconds(): number {
    return this.parts.tokens.lifeSeconds;
  }

  setClientSecret(tenant: string, secret: string): void {
    if (!this.parts.tokens.setSecret(tenant, secret)) throw new ControlError(`there is no tenant ${tenant}`);
  }

  /** Limits requests, or not at all. */
  setRateLimit(setting: RateLimitSetting | undefined): void {
    this.parts.limiter.set(setting);
  }

  get rateLimit(): RateLimitSetting | undefined {
    return this.parts.limiter.current;
  }
}
