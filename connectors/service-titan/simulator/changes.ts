import { z } from 'zod';
import type { RecordState } from '../../simulator/collection';
import { ControlError } from '../../simulator/control';
import type { Journal } from '../../simulator/journal';
import type { StaleReads } from '../../simulator/staleReads';
import { readInstant } from './instant';
import type { Note, Tenant } from './tenant';

const instant = z
  .string()
  .refine((text) => readInstant(text) !== undefined, { error: 'must be an instant such as 2026-01-31T09:00:00Z' })
  .transform((text) => Date.parse(text));
const tenant = z.string().min(1);
const id = z.string().min(1);
/** laid over what the record has; values may be anything JSON knows */
const fields = z.record(z.string(), z.unknown()).optional();
/** default: the source's now; in the past for a change that becomes visible late */
const modifiedOn = instant.optional();

/** One change to the data of a tenant. */
export const change = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('createCustomer'),
    tenant,
    id: id.optional(),
    fields,
    createdOn: instant.optional(),
    modifiedOn,
  }),
  /** without fields: only the time of the last change moves */
  z.strictObject({ do: z.literal('changeCustomer'), tenant, id, fields, modifiedOn }),
  z.strictObject({ do: z.literal('note'), tenant, id, text: z.string() }),
  z.strictObject({ do: z.literal('addContact'), tenant, customer: id, id: id.optional(), fields, modifiedOn }),
  z.strictObject({ do: z.literal('changeContact'), tenant, id, fields, modifiedOn }),
  z.strictObject({ do: z.literal('removeContact'), tenant, id }),
  /** two customers become one: `remove` is deactivated and names the other, which is touched */
  z.strictObject({ do: z.literal('merge'), tenant, keep: id, remove: id }),
]);
export type ChangeInput = z.input<typeof change>;
type Change = z.infer<typeof change>;
export const changes = z.array(change).max(1_000_000);

/** One change as the journal keeps it. */
export type Mutation =
  | {
      readonly tenant: string;
      readonly kind: 'customers' | 'contacts';
      readonly id: string;
      readonly state: RecordState;
    }
  | { readonly tenant: string; readonly kind: 'notes'; readonly note: Note };

/** Makes changes to the data: journalled, and visible to lagging reads only later. */
export class Changes {
  journal: Journal<Mutation> | undefined;
  /** Whether a changed contact counts as a change of its customer. It is not documented, so it does not. */
  contactsMoveCustomer = false;
  private lastNote = 90_000_000;

  constructor(
    private readonly tenants: ReadonlyMap<string, Tenant>,
    private readonly stale: StaleReads,
    private readonly now: () => number,
  ) {}

  /** Does all of it, in order, and returns the id that each was about. Throws ControlError at the first impossible one. */
  run(list: readonly Change[]): string[] {
    const mutations: Mutation[] = [];
    try {
      return list.map((one) => this.one(one, mutations));
    } finally {
      this.journal?.append(mutations);
    }
  }

  /** Applies a change from the journal. */
  replay(mutation: Mutation): void {
    const found = this.tenant(mutation.tenant);
    if (mutation.kind === 'notes') {
      found.notes.set(mutation.note.id, mutation.note);
      this.lastNote = Math.max(this.lastNote, mutation.note.id);
      return;
    }
    found[mutation.kind].put(mutation.id, mutation.state);
    const owner = mutation.state.relationships?.customer;
    if (mutation.kind === 'contacts' && owner) found.own(mutation.id, owner);
  }

  tenant(name: string): Tenant {
    const found = this.tenants.get(name);
    if (!found) throw new ControlError(`there is no tenant ${name}`);
    return found;
  }

  private one(change: Change, mutations: Mutation[]): string {
    const target = this.tenant(change.tenant);
    const { customers, contacts } = target;
    const now = this.now();
    const put = (kind: 'customers' | 'contacts', key: string, state: RecordState) => {
      const before = target[kind].get(key);
      target[kind].put(key, state);
      this.stale.note(performance.now(), target[kind], key, before, state);
      mutations.push({ tenant: target.id, kind, id: key, state });
      return key;
    };
    const touch = (key: string, over: Readonly<Record<string, unknown>> = {}, at = now) =>
      put('customers', key, changed(there(customers.get(key), `customer ${key}`), over, at));
    const move = (contact: string) => {
      const slot = contacts.find(contact);
      if (this.contactsMoveCustomer && slot !== undefined) touch(target.customerOf(slot));
      return contact;
    };
    switch (change.do) {
      case 'createCustomer': {
        const key = change.id ?? customers.newId();
        if (customers.get(key)) throw new ControlError(`customer ${key} is there already`);
        const createdAt = change.createdOn ?? Math.min(now, change.modifiedOn ?? now);
        return put('customers', key, { createdAt, updatedAt: change.modifiedOn ?? now, attributes: change.fields });
      }
      case 'changeCustomer':
        return touch(change.id, change.fields, change.modifiedOn);
      case 'note': {
        touch(change.id);
        const note: Note = { id: ++this.lastNote, customer: change.id, text: change.text, createdAt: now };
        target.notes.set(note.id, note);
        mutations.push({ tenant: target.id, kind: 'notes', note });
        return String(note.id);
      }
      case 'addContact': {
        there(customers.get(change.customer), `customer ${change.customer}`);
        const key = change.id ?? contacts.newId();
        if (contacts.get(key)) throw new ControlError(`contact ${key} is there already`);
        const at = change.modifiedOn ?? now;
        const relationships = { customer: change.customer };
        put('contacts', key, { createdAt: Math.min(now, at), updatedAt: at, attributes: change.fields, relationships });
        target.own(key, change.customer);
        return move(key);
      }
      case 'changeContact':
      case 'removeContact': {
        const before = there(contacts.get(change.id), `contact ${change.id}`);
        const over = change.do === 'removeContact' ? { active: false } : change.fields;
        const at = change.do === 'changeContact' ? change.modifiedOn : undefined;
        put('contacts', change.id, changed(before, over, at ?? now));
        return move(change.id);
      }
      case 'merge':
        there(customers.get(change.keep), `customer ${change.keep}`);
        touch(change.remove, { active: false, mergedToId: Number(change.keep) });
        return touch(change.keep);
    }
  }
}

function there(state: RecordState | undefined, what: string): RecordState {
  if (!state) throw new ControlError(`there is no ${what}`);
  return state;
}

function changed(before: RecordState, over: Readonly<Record<string, unknown>> = {}, at: number): RecordState {
  const attributes = before.attributes || Object.keys(over).length > 0 ? { ...before.attributes, ...over } : undefined;
  return { ...before, updatedAt: at, attributes };
}
