import { compareIds, writeRecord, type ZooRecord } from './record';
import type { Store } from './store';
import type { Order, World } from './world';

/** What a listing answers: a status, a body, headers. */
export interface ListReply {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Shown {
  readonly record: ZooRecord;
  readonly gone: boolean;
}

const refusal = (status: number, error: string): ListReply => ({
  status,
  body: JSON.stringify({ error }),
  headers: {},
});

/** The listings of one source: what is asked for, from where on, and how the page says that there is more. */
export class Listings {
  private readonly store: Store;
  private readonly world: World;
  /** lists that were begun and are read on by token, as they were when they began */
  private readonly snapshots: Shown[][] = [];

  constructor(store: Store) {
    this.store = store;
    this.world = store.world;
  }

  answer(what: 'all' | 'changes' | 'ids', url: URL): ListReply {
    const { changes, order, partitions } = this.world;
    const query = url.searchParams;
    const partition = partitions > 1 ? (query.get('site') ?? '') : undefined;
    if (partition !== undefined && !this.store.partitions.includes(partition)) return refusal(404, 'no such site');
    const since = query.get('since');
    const asChanges = changes !== null && (what === 'changes' || since !== null);
    if (!asChanges) return this.page(what, this.store.listed(order, partition, false), order, url);
    if (since === null) return refusal(400, 'since is missing');
    const from = this.parsed(since, changes);
    if (from === undefined) return refusal(400, `since=${since} is no time of ours`);
    const listed = this.store.listed(changes.order, partition, changes.tombstones);
    return this.page(
      what,
      listed.filter(({ record }) => this.passes(record, from, changes)),
      changes.order,
      url,
    );
  }

  private parsed(since: string, { form }: NonNullable<World['changes']>): number | undefined {
    const { digits } = this.world;
    const iso = digits === 0 ? /^[\d-]{10}[T ][\d:]{8}Z$/ : digits === 3 ? /^.{19}\.\d{3}Z$/ : /^.{19}\.\d{6}Z$/;
    if (form === 'epoch') return /^\d+$/.test(since) ? Number(since) * (digits === 0 ? 1_000_000 : 1_000) : undefined;
    if (form === 'date') return /^\d{4}-\d\d-\d\d$/.test(since) ? Date.parse(since) * 1000 : undefined;
    if ((form === 'space') !== (since[10] === ' ')) return undefined;
    return iso.test(since)
      ? Date.parse(`${since.slice(0, 19).replace(' ', 'T')}Z`) * 1000 + Number(since.slice(20, -1).padEnd(6, '0'))
      : undefined;
  }

  private passes(record: ZooRecord, from: number, { field, boundary }: NonNullable<World['changes']>): boolean {
    const at = {
      version: record.updatedAt ?? record.createdAt,
      shownClock: record.changedAt,
      ignored: Number.POSITIVE_INFINITY,
      nullUntilUpdate: record.updatedAt ?? Number.NEGATIVE_INFINITY,
      otherClock: record.changedAt,
    }[field];
    return boundary === 'inclusive' ? at >= from : at > from;
  }

  private page(what: 'all' | 'changes' | 'ids', list: Shown[], order: Order, url: URL): ListReply {
    const { world } = this;
    const query = url.searchParams;
    const asked = Number(query.get('size') ?? world.pageSize);
    const size = Math.min(asked, world.cap ?? asked);
    const total = list.length;
    switch (world.paging) {
      case 'none':
        return this.reply(what, list, total, {}, url);
      case 'offset':
      case 'page': {
        const first = world.fromZero ? 0 : 1;
        const from =
          world.paging === 'offset'
            ? Number(query.get('offset') ?? 0)
            : (Number(query.get('page') ?? first) - first) * size;
        if (from > 0 && from >= total && world.end !== 'empty') return refusal(Number(world.end), 'no such page');
        const shown = list.slice(from, from + size);
        return this.reply(what, shown, total, { more: from + size < total }, url);
      }
      case 'keyset': {
        const after = query.get('after');
        const rest = after === null ? list : list.filter(({ record }) => compareIds(world.ids, record.id, after) > 0);
        return this.reply(what, rest.slice(0, size), total, {}, url);
      }
      case 'token':
      case 'link':
        return this.chained(what, list, order, size, url);
    }
  }

  /** In order of id a token names the last record; in another order it names a place in the list as it was. */
  private chained(what: 'all' | 'changes' | 'ids', list: Shown[], order: Order, size: number, url: URL): ListReply {
    const { world } = this;
    const token = url.searchParams.get('token');
    let rest = list;
    let name: (reached: number) => string;
    if (order === 'id') {
      const after = token === null ? null : Buffer.from(token, 'base64url').toString();
      rest = after === null ? list : list.filter(({ record }) => compareIds(world.ids, record.id, after) > 0);
      name = (reached) => Buffer.from(rest[reached - 1]?.record.id ?? after ?? '').toString('base64url');
    } else {
      const [snapshot = this.snapshots.push(list) - 1, from = 0] = token?.split('.').map(Number) ?? [];
      rest = this.snapshots[snapshot]?.slice(from) ?? [];
      name = (reached) => `${snapshot}.${from + reached}`;
    }
    const shown = rest.slice(0, size);
    const further = rest.length > size || (world.emptyLast && shown.length > 0);
    return this.reply(what, shown, list.length, { next: further ? name(shown.length) : undefined }, url);
  }

  private reply(
    what: 'all' | 'changes' | 'ids',
    shown: readonly Shown[],
    total: number,
    end: { readonly more?: boolean; readonly next?: string | undefined },
    url: URL,
  ): ListReply {
    const { world } = this;
    const records = `[${shown
      .map(({ record, gone }) => writeRecord(world, record, gone ? 'tombstone' : what === 'ids' ? 'ids' : 'all'))
      .join(',')}]`;
    const headers: Record<string, string> = world.total === 'header' ? { 'X-Total-Count': String(total) } : {};
    const named = end.next === undefined ? undefined : this.naming(end.next, url);
    if (world.nextIn === 'header' && named !== undefined) {
      if (world.paging === 'token') headers['X-Next'] = named;
      else headers.Link = `<${url.pathname}${url.search}>; rel="self", <${named}>; rel="next"`;
    }
    if (world.records === '') return { status: 200, body: records, headers };
    const fields: string[] = [];
    const toldTotal = total > 0 || !world.totalUnlessEmpty;
    if (toldTotal && world.total === 'body') fields.push(`"total":${total}`);
    if (toldTotal && world.total === 'text') fields.push(`"total":"${total}"`);
    if (world.flag && 'more' in end) fields.push(`"more":${end.more}`);
    if (world.nextIn === 'body' && (world.paging === 'token' || world.paging === 'link')) {
      const next = end.next === undefined ? { absent: undefined, null: 'null', blank: '""' }[world.noNext] : undefined;
      if (named !== undefined) fields.push(`"next":${JSON.stringify(named)}`);
      else if (next !== undefined) fields.push(`"next":${next}`);
    }
    fields.push(world.records === 'data' ? `"data":${records}` : `"result":{"items":${records}}`);
    return { status: 200, body: `{${fields.join(',')}}`, headers };
  }

  private naming(token: string, url: URL): string {
    if (this.world.paging === 'token') return token;
    const query = new URLSearchParams(this.world.post ? '' : url.searchParams);
    query.set('token', token);
    return `?${query}`;
  }
}
