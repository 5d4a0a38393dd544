import { type EntityName, entityNames, pathOf } from './setting';

/** When which record was asked for alone, as it was seen on the wire. */
export class RequestLog {
  requests = 0;
  private readonly asked = new Map<string, number[]>();

  /** A piece of what a worker sent to the source; a request comes in one piece. */
  note(piece: Buffer): void {
    const path = /^GET (\S+) HTTP/.exec(piece.toString('latin1'))?.[1];
    if (path === undefined) return;
    this.requests += 1;
    for (const entity of entityNames) {
      if (!path.startsWith(pathOf[entity])) continue;
      const id = decodeURIComponent(path.slice(pathOf[entity].length).split('?')[0] ?? '');
      const key = `${entity}/${id}`;
      const times = this.asked.get(key) ?? [];
      times.push(Date.now());
      this.asked.set(key, times);
    }
  }

  /** Whether the record was asked for between these moments, in milliseconds since 1970. */
  between(entity: EntityName, id: string, from: number, to: number): boolean {
    return (this.asked.get(`${entity}/${id}`) ?? []).some((at) => at >= from && at <= to);
  }
}
