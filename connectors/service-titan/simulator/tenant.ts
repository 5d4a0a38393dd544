import { type Attributes, Collection, type RecordState } from '../../simulator/collection';
import { unset, writeInstant } from './instant';
import {
  contactCount,
  contactTimes,
  createdIsUnset,
  customerTimes,
  firstContactId,
  firstCustomerId,
  isActive,
  seedContact,
  seedCustomer,
} from './seed';

/** A note on a customer. */
export interface Note {
  readonly id: number;
  readonly customer: string;
  readonly text: string;
  readonly createdAt: number;
}

/** A record as the API shows it. */
export type Shown = Attributes & { id: number };

/** The records of one tenant. Customers are never removed; a removed contact stays, as inactive, for the export. */
export class Tenant {
  readonly customers: Collection;
  readonly contacts: Collection;
  readonly notes = new Map<number, Note>();
  /** per seeded contact: the number of its customer, and which of the customer's contacts it is */
  private readonly owners: Int32Array;
  private readonly places: Uint8Array;
  /** per seeded customer: the slot of its first contact */
  private readonly first: Int32Array;
  private readonly laterContacts = new Map<string, number[]>();

  constructor(
    readonly id: string,
    readonly seeded: number,
    private readonly salt: number,
  ) {
    this.first = new Int32Array(seeded + 1);
    for (let n = 0; n < seeded; n++) this.first[n + 1] = (this.first[n] ?? 0) + contactCount(n, salt);
    const total = this.first[seeded] ?? 0;
    this.owners = new Int32Array(total);
    this.places = new Uint8Array(total);
    for (let n = 0; n < seeded; n++) {
      const start = this.first[n] ?? 0;
      for (let place = 0; place < contactCount(n, salt); place++) {
        this.owners[start + place] = n;
        this.places[start + place] = place;
      }
    }
    const times = customerTimes(seeded, salt);
    this.customers = new Collection(firstCustomerId, seeded, times);
    this.contacts = new Collection(firstContactId, total, contactTimes(this.owners, times, salt));
  }

  /** What lists filter by, without rendering the record. */
  isActive(slot: number): boolean {
    const given = this.customers.state(slot).attributes?.active;
    return given === undefined ? slot >= this.seeded || isActive(slot, this.salt) : given === true;
  }

  customerFields(slot: number, state: RecordState): Attributes {
    return { ...(slot < this.seeded ? seedCustomer(slot, this.salt) : newCustomer), ...state.attributes };
  }

  showCustomer(slot: number): Shown {
    const state = this.customers.state(slot);
    const { createdById, mergedToId, externalData, ...fields } = this.customerFields(slot, state);
    const created = slot < this.seeded && createdIsUnset(slot, this.salt) ? unset : state.createdAt;
    return {
      id: Number(this.customers.idOf(slot)),
      ...fields,
      createdOn: writeInstant(created),
      createdById,
      modifiedOn: writeInstant(state.updatedAt ?? unset),
      ...(mergedToId === undefined ? {} : { mergedToId }),
      externalData,
    };
  }

  /** The customer that a contact belongs to. */
  customerOf(slot: number): string {
    const given = this.contacts.state(slot).relationships?.customer;
    return given ?? String(firstCustomerId + (this.owners[slot] ?? 0));
  }

  contactFields(slot: number, state: RecordState): Attributes {
    const seeded = slot < this.owners.length;
    return {
      active: true,
      ...(seeded ? seedContact(this.owners[slot] ?? 0, this.places[slot] ?? 0, this.salt) : newContact),
      ...state.attributes,
    };
  }

  showContact(slot: number): Shown & { active: boolean } {
    const state = this.contacts.state(slot);
    const { active, ...fields } = this.contactFields(slot, state);
    return {
      id: Number(this.contacts.idOf(slot)),
      ...fields,
      createdOn: writeInstant(state.createdAt),
      modifiedOn: writeInstant(state.updatedAt ?? unset),
      customerId: Number(this.customerOf(slot)),
      active: active === true,
    };
  }

  /** Slots of the contacts of a customer that are not removed, in the order of their ids. */
  contactsOf(customer: string): number[] {
    const n = Number(customer) - firstCustomerId;
    const seeded = n >= 0 && n < this.seeded ? range(this.first[n] ?? 0, this.first[n + 1] ?? 0) : [];
    return [...seeded, ...(this.laterContacts.get(customer) ?? [])].filter((slot) => this.isThere(slot));
  }

  /** Whether a contact shows in lists, which leave removed ones out. */
  isThere(slot: number): boolean {
    const state = this.contacts.get(this.contacts.idOf(slot));
    return state !== undefined && state.attributes?.active !== false;
  }

  /** Remembers whose a contact is that is not of the seed. */
  own(contact: string, customer: string): void {
    const slot = this.contacts.find(contact);
    if (slot === undefined || slot < this.owners.length) return;
    const slots = this.laterContacts.get(customer) ?? [];
    if (!slots.includes(slot)) this.laterContacts.set(customer, [...slots, slot]);
  }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

const newCustomer: Attributes = {
  active: true,
  name: 'New Customer',
  type: 'Residential',
  address: { street: '1 Alder Way', unit: null, city: 'Springfield', state: 'OH', zip: '45000', country: 'USA' },
  customFields: [],
  balance: 0,
  taxExempt: false,
  tagTypeIds: [],
  doNotMail: false,
  doNotService: false,
  nationalAccount: false,
  createdById: 7001,
  externalData: null,
};

const newContact: Attributes = { type: 'Phone', value: '(200) 555-0100', memo: null, phoneSettings: null };
