import { CommonControl, type CommonParts } from '../../simulator/control';
import { type OperationInput, operations } from './operations';
import type { RateLimiter, RateLimitSetting } from './rateLimit';
import type { Records } from './records';
import type { EntityName, ResourceObject } from './resources';
import type { EventAction, WebhookSetting } from './webhooks/webhookSetting';
import type { Delivery, Webhooks } from './webhooks/webhooks';

type Change = Omit<Extract<OperationInput, { do: 'change' }>, 'do' | 'entity' | 'id'>;
type Creation = Omit<Extract<OperationInput, { do: 'create' }>, 'do' | 'entity'>;

export interface SimulatorParts extends CommonParts {
  readonly records: Records;
  readonly limiter: RateLimiter;
  readonly webhooks: Webhooks;
}

/** Everything a test or an operator can do to the simulated source. The routes below `/control` do the same over HTTP. */
export class SimulatorControl extends CommonControl<SimulatorParts> {
  /** entities whose lists are answered 200, empty, with total 0; single records still answer */
  readonly hidden = new Set<EntityName>();

  /** Does many changes in order; returns the id of each. Throws ControlError (some may be done) or ZodError (none is). */
  bulk(changes: readonly OperationInput[]): string[] {
    return this.parts.records.run(operations.parse(changes));
  }

  /** Returns the id: the given one, or a new one. */
  create(entity: EntityName, record: Creation = {}): string {
    return this.bulk([{ do: 'create', entity, ...record }])[0] ?? '';
  }

  change(entity: EntityName, id: string, change: Change): void {
    this.bulk([{ do: 'change', entity, id, ...change }]);
  }

  /** Moves updated_at without changing content. */
  touch(entity: EntityName, id: string, updatedAt?: string | null): void {
    this.bulk([{ do: 'touch', entity, id, updatedAt }]);
  }

  delete(entity: EntityName, id: string): void {
    this.bulk([{ do: 'delete', entity, id }]);
  }

  /** A change that becomes visible only now although it is dated `ageMs` earlier, as after a long transaction. */
  commitLate(entity: EntityName, id: string, ageMs: number, attributes: Change['attributes'] = {}): void {
    this.change(entity, id, { attributes, updatedAt: new Date(this.now() - ageMs).toISOString() });
  }

  merge(keep: string, remove: string): void {
    this.bulk([{ do: 'merge', keep, remove }]);
  }

  /** The record as the API shows it now. */
  get(entity: EntityName, id: string): ResourceObject | undefined {
    return this.parts.records.read(entity, id);
  }

  /** How many live records there are. */
  count(entity: EntityName): number {
    return this.parts.records.resources[entity].records.size;
  }

  /** All live records in order of creation, for comparing with a table. */
  *all(entity: EntityName): Generator<ResourceObject> {
    const { records } = this.parts.records.resources[entity];
    for (const slot of records.byCreated.slice(0, records.size)) {
      const record = this.get(entity, records.idOf(slot));
      if (record) yield record;
    }
  }

  hide(entity: EntityName, hidden = true): void {
    if (hidden) this.hidden.add(entity);
    else this.hidden.delete(entity);
  }

  /** Limits requests, or not at all. */
  setRateLimit(setting: RateLimitSetting | undefined): void {
    this.parts.limiter.set(setting);
  }

  get rateLimit(): RateLimitSetting | undefined {
    return this.parts.limiter.current;
  }

  /** Where and how events are sent; what is not named stays. Also ends a deactivation by 410. */
  configureWebhooks(setting: Partial<WebhookSetting>): void {
    this.parts.webhooks.configure(setting);
  }

  get webhooks(): WebhookSetting & { readonly active: boolean } {
    return { ...this.parts.webhooks.setting, active: this.parts.webhooks.active };
  }

  /** Sends an event about a record by hand, whether or not anything happened to it; resolves with the first attempt. */
  sendWebhook(
    entity: EntityName,
    id: string,
    action: EventAction = 'updated',
    times?: number | undefined,
  ): Promise<Delivery | undefined> {
    const { name, payload } = this.parts.records.event(entity, id, action, undefined);
    return this.parts.webhooks.emit(name, id, payload, times);
  }

  /** Sends an event of any name and payload, such as one that the connector does not know. */
  sendRawWebhook(name: string, payload: unknown): Promise<Delivery | undefined> {
    return this.parts.webhooks.emit(name, '', payload);
  }

  holdWebhooks(): void {
    this.parts.webhooks.hold();
  }

  releaseWebhooks(order?: 'kept' | 'reversed' | 'shuffled'): number {
    return this.parts.webhooks.release(order);
  }

  deliveries(): readonly Delivery[] {
    return this.parts.webhooks.deliveries();
  }

  /** Resolves when no delivery is queued or under way. */
  webhooksSettled(): Promise<void> {
    return this.parts.webhooks.settled();
  }
}
