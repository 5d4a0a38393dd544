import { type Attributes, Collection, type RecordState } from '../../simulator/collection';
import { hash } from '../../simulator/hash';
import { firstDonationId, firstPersonId, seedDonation, seedDonor, seedPerson, seedTimes } from './seed';

export const entityNames = ['people', 'donations'] as const;
export type EntityName = (typeof entityNames)[number];

export const organization = { type: 'Organization', id: '1' } as const;

/** One record as the API shows it. */
export interface ResourceObject {
  type: string;
  id: string;
  attributes: Attributes;
  relationships: { [name: string]: { data: { type: string; id: string } | { type: string; id: string }[] | null } };
  links: { self: string };
}

/** One kind of record: where it is found, what its lists offer, how it is shown. */
export interface Resource {
  readonly entity: EntityName;
  readonly path: string;
  readonly type: string;
  /** events are called `<eventPrefix>.created`, `.updated`, `.destroyed` */
  readonly eventPrefix: string;
  readonly canOrderBy: readonly string[];
  readonly canQueryBy: readonly string[];
  readonly canInclude: readonly string[];
  readonly records: Collection;
  /** every attribute, in the order of the documentation */
  readonly attributes: (slot: number, state: RecordState) => Attributes;
  readonly relationships: (slot: number, state: RecordState) => ResourceObject['relationships'];
}

/** As the API writes instants: UTC, whole seconds (docs: overview/dates-times). */
export function writeInstant(milliseconds: number | null): string | null {
  return milliseconds === null ? null : `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

const instantsOf = (state: RecordState): Attributes => ({
  created_at: writeInstant(state.createdAt),
  updated_at: writeInstant(state.updatedAt),
});

const personFields =
  'accounting_administrator anniversary birthdate child created_at first_name gender given_name grade graduation_year inactivated_at last_name membership middle_name nickname people_permissions remote_id site_administrator status updated_at'.split(
    ' ',
  );

/** docs: apps/people/versions/2025-11-10/vertices/person */
export function peopleResource(count: number): Resource {
  return {
    entity: 'people',
    path: '/people/v2/people',
    type: 'Person',
    eventPrefix: 'people.v2.events.person',
    canOrderBy: personFields,
    canQueryBy: [...personFields, 'id', 'medical_notes'],
    canInclude: [
      'addresses',
      'emails',
      'field_data',
      'households',
      'phone_numbers',
      'primary_campus',
      'social_profiles',
    ],
    records: new Collection(firstPersonId, count, seedTimes(count)),
    attributes(slot, state) {
      const attributes = Object.assign(seedPerson(slot), instantsOf(state), state.attributes);
      attributes.name ??= `${attributes.first_name} ${attributes.last_name}`;
      return attributes;
    },
    relationships: (_slot, state) => ({ primary_campus: related('PrimaryCampus', state, 'primary_campus', null) }),
  };
}

/** docs: apps/giving/versions/2019-10-18/vertices/donation */
export function donationsResource(count: number, people: number): Resource {
  return {
    entity: 'donations',
    path: '/giving/v2/donations',
    type: 'Donation',
    eventPrefix: 'giving.v2.events.donation',
    canOrderBy: ['created_at', 'updated_at', 'received_at', 'completed_at'],
    canQueryBy: ['payment_method', 'received_at', 'created_at', 'updated_at', 'completed_at'],
    canInclude: ['designations', 'labels', 'note', 'refund'],
    records: new Collection(firstDonationId, count, seedTimes(count)),
    attributes: (slot, state) => ({
      ...instantsOf(state),
      ...seedDonation(slot, state.createdAt),
      ...state.attributes,
    }),
    relationships: (slot, state) => ({
      batch: related('Batch', state, 'batch', null),
      campus: related('Campus', state, 'campus', null),
      person: related('Person', state, 'person', seedDonor(slot, people)),
      payment_source: related('PaymentSource', state, 'payment_source', hash(slot, 32) % 2 === 0 ? '1' : '2'),
      labels: { data: [] },
      recurring_donation: related('RecurringDonation', state, 'recurring_donation', null),
    }),
  };
}

function related(type: string, state: RecordState, name: string, seeded: string | null) {
  const given = state.relationships?.[name];
  const id = given === undefined ? seeded : given;
  return { data: id === null ? null : { type, id } };
}

/** The record as JSON:API shows it; `fields` keeps only the named attributes and relationships. */
export function render(
  resource: Resource,
  slot: number,
  origin: string,
  fields?: ReadonlySet<string> | undefined,
): ResourceObject {
  const id = resource.records.idOf(slot);
  const state = resource.records.state(slot);
  return {
    type: resource.type,
    id,
    attributes: fields ? someAttributes(resource, slot, state, fields) : resource.attributes(slot, state),
    relationships: fields ? only(resource.relationships(slot, state), fields) : resource.relationships(slot, state),
    links: { self: `${origin}${resource.path}/${encodeURIComponent(id)}` },
  };
}

const instants: ReadonlySet<string> = new Set(['created_at', 'updated_at']);

/** Listing a million ids and versions must not cost the rest of a million records. */
function someAttributes(resource: Resource, slot: number, state: RecordState, fields: ReadonlySet<string>): Attributes {
  for (const field of fields) if (!instants.has(field)) return only(resource.attributes(slot, state), fields);
  return only({ ...instantsOf(state), ...state.attributes }, fields);
}

function only<T>(all: { [name: string]: T }, names: ReadonlySet<string>): { [name: string]: T } {
  const some: { [name: string]: T } = {};
  for (const name of names) {
    const value = all[name];
    if (value !== undefined) some[name] = value;
  }
  return some;
}
