import { TidemarkError } from './errors';

/**
 * Why the list of a parent was not read. `gone`: the source answered 404 or 410 for it; `not-served`: it has no such list (400, 405, 501 …);
 * `refused`: the credentials may not read it (403); `failed`: its responses contradict the definition, or fail while those of others do not.
 */
export const unreadVerdicts = ['gone', 'not-served', 'refused', 'failed'] as const;
export type UnreadVerdict = (typeof unreadVerdicts)[number];

const servesNot: ReadonlySet<number> = new Set([400, 405, 409, 415, 422, 501]);

/** What a status says of one parent's list; undefined where it says nothing of that. */
export function verdictOf(status: number): UnreadVerdict | undefined {
  if (status === 404 || status === 410) return 'gone';
  if (status === 403) return 'refused';
  return servesNot.has(status) ? 'not-served' : undefined;
}

/** The statuses that say something of one parent's list. `first`: of its first page; later ones say `not-served` of a page and not of the list. */
export function verdictStatuses(first: boolean): ReadonlySet<number> {
  return new Set([403, 404, 410, ...(first ? servesNot : [])]);
}

/** The source does not serve the list of one parent. */
export class PartitionUnread extends TidemarkError {
  constructor(
    readonly verdict: UnreadVerdict,
    message: string,
  ) {
    super('PartitionUnread', message);
  }
}
