const tenant = '/crm/v2/tenant/{tenant}';

/**
 * The export of one kind of record: everything, active or not, and no filter at all. `continueFrom` is there on the last page too, so
 * that `hasMore` alone says whether the list goes on. The newest changes are held back; with `includeRecentChanges` they come sooner, but
 * nothing says how soon.
 */
export function exported(path: string) {
  return {
    path: `${tenant}/export${path}`,
    query: { includeRecentChanges: true },
    heldBack: '15m',
    paging: { scheme: 'token', param: 'from', next: 'continueFrom', more: 'hasMore' },
    records: 'data',
  } as const;
}

/** A transactional list, which can be filtered. Its total is null unless `includeTotal` asks for it. */
export function transactional(path: string, query: Readonly<Record<string, string>> = {}) {
  return {
    path: `${tenant}${path}`,
    query: { includeTotal: 'True', ...query },
    paging: { scheme: 'page', sizeParam: 'pageSize', pageSize: 5000, more: 'hasMore' },
    records: 'data',
    total: 'totalCount',
  } as const;
}

/** Inclusive by its name and exclusive by its description: `exclusive` loses nothing with either. */
export const modifiedOnOrAfter = {
  param: 'modifiedOnOrAfter',
  form: 'iso-milliseconds',
  boundary: 'exclusive',
} as const;
