import type { RecordState } from '../../simulator/collection';
import { ControlError } from '../../simulator/control';
import type { Journal } from '../../simulator/journal';
import type { StaleReads } from '../../simulator/staleReads';
import type { Operation } from './operations';
import { type EntityName, type Resource, type ResourceObject, render } from './resources';
import type { EventAction } from './webhooks/webhookSetting';

/** One change to one record: its state afterwards, or null for a deleted record. */
export interface Mutation {
  readonly entity: EntityName;
  readonly id: string;
  readonly state: RecordState | null;
}

/** Something that the webhooks may report. */
export interface Happening {
  readonly name: string;
  readonly recordId: string;
  readonly payload: unknown;
  /** what the operation says of webhooks; undefined: as set */
  readonly wanted: boolean | undefined;
}

/** Makes changes to the data: journalled, visible to lagging reads only later, and passed to the listeners. */
export class Records {
  journal: Journal<Mutation> | undefined;

  constructor(
    readonly resources: Readonly<Record<EntityName, Resource>>,
    private readonly stale: StaleReads,
    private readonly now: () => number,
    private readonly origin: () => string,
    private readonly happened: (happening: Happening) => void,
  ) {}

  /** Does all of it, in order, and returns the id that each was about. Throws ControlError at the first impossible one. */
  run(operations: readonly Operation[]): string[] {
    const mutations: Mutation[] = [];
    const happenings: Happening[] = [];
    try {
      return operations.map((operation) => this.one(operation, mutations, happenings));
    } finally {
      this.journal?.append(mutations);
      for (const happening of happenings) this.happened(happening);
    }
  }

  /** The record as the API shows it at this instant, without lag. */
  read(entity: EntityName, id: string): ResourceObject | undefined {
    const resource = this.resources[entity];
    const slot = resource.records.find(id);
    return slot === undefined ? undefined : render(resource, slot, this.origin());
  }

  /** Applies a change from the journal. */
  replay({ entity, id, state }: Mutation): void {
    const { records } = this.resources[entity];
    if (state) records.put(id, state);
    else records.remove(id);
  }

  private one(operation: Operation, mutations: Mutation[], happenings: Happening[]): string {
    if (operation.do === 'merge') return this.merge(operation, mutations, happenings);
    const { entity } = operation;
    const { records } = this.resources[entity];
    const now = this.now();
    const id = operation.id ?? records.newId();
    const before = records.get(id);
    if (operation.do === 'create' && before) throw new ControlError(`${entity} ${id} is there already`);
    if (operation.do !== 'create' && !before) throw new ControlError(`there is no ${entity} ${id}`);
    const after = operation.do === 'delete' ? undefined : next(operation, before, now);
    const action = operation.do === 'create' ? 'created' : operation.do === 'delete' ? 'destroyed' : 'updated';
    const deleted = after ? undefined : this.read(entity, id);
    this.set(entity, id, before, after, mutations);
    happenings.push(this.event(entity, id, action, operation.webhook, deleted));
    return id;
  }

  private set(
    entity: EntityName,
    id: string,
    before: RecordState | undefined,
    after: RecordState | undefined,
    mutations: Mutation[],
  ): void {
    const { records } = this.resources[entity];
    if (after) records.put(id, after);
    else records.remove(id);
    this.stale.note(performance.now(), records, id, before, after);
    mutations.push({ entity, id, state: after ?? null });
  }

  private merge(
    { keep, remove, webhook }: Extract<Operation, { do: 'merge' }>,
    mutations: Mutation[],
    happenings: Happening[],
  ): string {
    this.one({ do: 'delete', entity: 'people', id: remove, webhook }, mutations, happenings);
    this.one({ do: 'touch', entity: 'people', id: keep, webhook }, mutations, happenings);
    happenings.push({
      name: 'people.v2.events.person_merger.created',
      recordId: keep,
      payload: { data: personMerger(keep, remove, this.now(), this.origin()) },
      wanted: webhook,
    });
    return keep;
  }

  /** The event for a record; its payload is what the API shows. */
  event(
    entity: EntityName,
    id: string,
    action: EventAction,
    wanted: boolean | undefined,
    deleted?: ResourceObject | undefined,
  ): Happening {
    const resource = this.resources[entity];
    const shown = this.read(entity, id) ?? deleted ?? { type: resource.type, id };
    return {
      name: `${resource.eventPrefix}.${action}`,
      recordId: id,
      payload: { data: shown, included: [], meta: { parent: { type: 'Organization', id: '1' } } },
      wanted,
    };
  }
}

function next(
  operation: Extract<Operation, { do: 'create' | 'change' | 'touch' }>,
  before: RecordState | undefined,
  now: number,
): RecordState {
  const updatedAt = operation.updatedAt === undefined ? now : operation.updatedAt;
  if (operation.do === 'touch') return { ...(before ?? { createdAt: now }), updatedAt };
  const createdAt =
    (operation.do === 'create' ? operation.createdAt : before?.createdAt) ?? Math.min(now, updatedAt ?? now);
  return {
    createdAt,
    updatedAt,
    attributes: merged(before?.attributes, operation.attributes),
    relationships: merged(before?.relationships, operation.relationships),
  };
}

function merged<T extends object>(before: T | undefined, over: T | undefined): T | undefined {
  return over ? { ...before, ...over } : before;
}

/** As in guides/giving_donations_integration.md of planningcenter/developers. */
function personMerger(keep: string, remove: string, now: number, origin: string) {
  return {
    type: 'PersonMerger',
    id: `${keep}${remove}`,
    attributes: {
      created_at: `${new Date(now).toISOString().slice(0, 19)}Z`,
      person_to_keep_id: Number(keep),
      person_to_remove_id: Number(remove),
    },
    relationships: {
      person_to_keep: { data: { type: 'Person', id: keep } },
      person_to_remove: { data: { type: 'Person', id: remove } },
    },
    links: { self: `${origin}/people/v2/person_mergers/${keep}${remove}` },
  };
}
