// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text of other files is quoted

import type { Mutant } from '../mutant';

/** Mutants of the rest of destination/. */
export const destination: readonly Mutant[] = [
  {
    invariant: 7,
    name: 'any answer ends an event',
    file: 'destination/inbox/inbox.ts',
    find: `and opened_at < timestamptz 'epoch' + ? * interval '1 millisecond'`,
    replace: `and ?::float8 is not null`,
    test: {
      file: 'test/invariants/07-acknowledged.test.ts',
      name: 'an event is done only by an answer that was asked for after it came',
    },
  },
  {
    invariant: 7,
    name: 'events are acknowledged before they are on disk',
    file: 'destination/inbox/inbox.ts',
    find: `when 'off' then 'on' else`,
    replace: `when 'on' then 'off' else`,
    test: {
      file: 'destination/inbox/inbox.test.ts',
      name: 'the commit waits for the disk, whatever the database’s default is',
    },
  },
  {
    invariant: 13,
    name: 'a shorter wait lifts a longer one',
    file: 'destination/budget/budget.ts',
    find: 'greatest(b.blocked_until, excluded.blocked_until)',
    replace: 'excluded.blocked_until',
    test: { file: 'destination/budget/budget.test.ts', name: 'is obeyed by everyone: limit %p' },
  },
  {
    invariant: 13,
    name: 'each process has a budget of its own',
    file: 'destination/budget/takeRequest.ts',
    find: 'select ends, granted from slices\n      union all\n',
    replace: '',
    test: {
      file: 'destination/budget/budget.test.ts',
      name: 'processes that hammer it together never get more than the limit in any window',
    },
  },
  {
    invariant: 14,
    name: 'secrets are not bound to their connection',
    file: 'destination/connections/seal.ts',
    find: 'tidemark.${kind}\\0${connectionId}',
    replace: 'tidemark.secrets',
    test: {
      file: 'destination/connections/secrets.test.ts',
      name: 'sealed secrets that were changed, or moved to another connection, do not open',
    },
  },
  {
    invariant: 14,
    name: 'what a renewal brings is stored over credentials that were changed meanwhile',
    file: 'destination/connections/tokens.ts',
    find: 'where connection_id = :connectionId and generation = :generation`,\n          { connectionId, generation, key_id',
    replace: 'where connection_id = :connectionId and :generation > 0`,\n          { connectionId, generation, key_id',
    test: {
      file: 'source/auth/oauth2/refreshTokens.test.ts',
      name: 'tokens of the former account are not stored over a change of credentials',
    },
  },
  {
    invariant: 5,
    name: 'two workers renew the same tokens at once',
    file: 'destination/connections/tokens.ts',
    find: '(t.lease_until is null or t.lease_until <= clock_timestamp())',
    replace: '(t.lease_until is null or t.lease_until > clock_timestamp() or t.lease_until <= clock_timestamp())',
    test: {
      file: 'source/auth/oauth2/renewer.test.ts',
      name: 'two workers that lease the same tokens at once: one gets them',
    },
  },
  {
    invariant: 3,
    name: 'a refusal about tokens that were replaced meanwhile marks the connection',
    file: 'destination/connections/tokens.ts',
    find: 'if (rowCount === 0) return false;',
    replace: '',
    test: {
      file: 'source/auth/oauth2/refreshTokens.test.ts',
      name: 'a refusal about tokens that were replaced meanwhile condemns nothing',
    },
  },
  {
    invariant: 2,
    name: 'a row that moves to another day marks only that one',
    file: 'destination/derived/marks/marksFunction.ts',
    find: '((${before} except all ${after}) union all (${after} except all ${before}))',
    replace: '(${after} except all ${before})',
    test: {
      file: 'destination/derived/rollups/rollups.test.ts',
      name: 'a row that moves to another day leaves the day that it came from, which then has no row',
    },
  },
  {
    invariant: 2,
    name: 'a reference is found again only where the row that refers changes',
    file: 'destination/derived/references/referenceMarking.ts',
    find: 'where k.key is not null;',
    replace: 'where false;',
    test: {
      file: 'destination/derived/references/references.test.ts',
      name: 'the row that is referred to may arrive before or after, and is found by id before e-mail',
    },
  },
  {
    invariant: 2,
    name: 'the first of several rows that match is taken',
    file: 'destination/derived/references/resolve.ts',
    find: 'when count(*) > 1 then array[null::text] end',
    replace: 'when count(*) > 1 then array[min(m.external_id)] end',
    test: {
      file: 'destination/derived/references/references.test.ts',
      name: 'where several rows match, none is taken, until one is left',
    },
  },
  {
    invariant: 2,
    name: 'a mark by a former zone marks a day of the new one',
    file: 'destination/derived/rollups/recompute.ts',
    find: '(m.day is null or m.zone is null or m.zone is distinct from z.zone)',
    replace: 'm.day is null',
    test: {
      file: 'destination/derived/rollups/rollups.test.ts',
      name: 'days in another zone after the zone of the connection was changed, whoever wrote meanwhile by the former one',
    },
  },
];
