import type { OperationInput, ResourceObject } from '../../connectors/planning-center/simulator';
import { firstDonationId, firstPersonId } from '../../connectors/planning-center/simulator';
import { credentials, type EntityName, pathOf } from './setting';

/** When a record was not there, in milliseconds since 1970; open to the left for one that was created later. */
interface Absence {
  readonly from: number;
  to: number;
}

/** The simulated source as the soak changes it, and what a record's reader could have seen at any time. */
export class SourceWorld {
  changes = 0;
  readonly live: Readonly<Record<EntityName, Set<string>>>;
  private readonly deleted: Readonly<Record<EntityName, Set<string>>> = { people: new Set(), donations: new Set() };
  private readonly absences = new Map<string, Absence[]>();
  private created = 0;

  constructor(
    private readonly url: string,
    size: Readonly<Record<EntityName, number>>,
    private readonly random: () => number,
  ) {
    const seeded = (first: number, count: number) => new Set(Array.from({ length: count }, (_, n) => `${first + n}`));
    this.live = {
      people: seeded(firstPersonId, size.people),
      donations: seeded(firstDonationId, size.donations),
    };
  }

  /** Any record that is there. */
  any(entity: EntityName): string | undefined {
    return this.oneOf(this.live[entity]);
  }

  /** Any deleted record, to be created again; it is not handed out twice. */
  takeDeleted(entity: EntityName): string | undefined {
    const id = this.oneOf(this.deleted[entity]);
    if (id !== undefined) this.deleted[entity].delete(id);
    return id;
  }

  newId(): string {
    this.created += 1;
    return `${90_000_000 + this.created}`;
  }

  /** Does these changes in order; each names its id. */
  async bulk(operations: readonly OperationInput[]): Promise<void> {
    if (operations.length === 0) return;
    const before = Date.now();
    await this.control('POST', 'bulk', { operations });
    const after = Date.now();
    this.changes += operations.length;
    for (const operation of operations) {
      if (operation.do === 'delete') this.gone(operation.entity, operation.id, before);
      else if (operation.do === 'create' && operation.id !== undefined)
        this.there(operation.entity, operation.id, after);
    }
  }

  /** Whether a reader could have been told that it is gone, at this time or up to `ms` before. */
  wasAbsent(entity: EntityName, id: string, at: number, ms: number): boolean {
    return (this.absences.get(`${entity}/${id}`) ?? []).some(({ from, to }) => from <= at && to >= at - ms);
  }

  async control(method: 'POST' | 'PUT' | 'DELETE', path: string, body: unknown): Promise<void> {
    const response = await fetch(`${this.url}/control/${path}`, { method, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`the simulator refuses ${method} ${path}: ${await response.text()}`);
    await response.arrayBuffer();
  }

  /** Every record that the source holds, read page by page, while nothing changes. */
  async *all(entity: EntityName): AsyncGenerator<ResourceObject> {
    const authorization = `Basic ${Buffer.from(`${credentials.appId}:${credentials.secret}`).toString('base64')}`;
    for (let offset = 0; ; offset += 100) {
      const url = `${this.url}${pathOf[entity].slice(0, -1)}?per_page=100&order=created_at&offset=${offset}`;
      const response = await fetch(url, { headers: { authorization } });
      if (!response.ok) throw new Error(`${url} answers ${response.status}`);
      const { data } = (await response.json()) as { data: ResourceObject[] };
      yield* data;
      if (data.length < 100) return;
    }
  }

  private oneOf(ids: ReadonlySet<string>): string | undefined {
    let skip = Math.floor(this.random() * ids.size);
    for (const id of ids) if (skip-- === 0) return id;
    return undefined;
  }

  private gone(entity: EntityName, id: string, from: number): void {
    const key = `${entity}/${id}`;
    this.absences.set(key, [...(this.absences.get(key) ?? []), { from, to: Number.POSITIVE_INFINITY }]);
    this.live[entity].delete(id);
    this.deleted[entity].add(id);
  }

  private there(entity: EntityName, id: string, at: number): void {
    const key = `${entity}/${id}`;
    const absences = this.absences.get(key) ?? [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }];
    const last = absences.at(-1);
    if (last) last.to = at;
    this.absences.set(key, absences);
    this.live[entity].add(id);
  }
}
