import type { Mutant } from '../mutant';

/** Mutants of destination/runs. */
export const runs: readonly Mutant[] = [
  {
    invariant: 5,
    name: 'attempts that lose their worker are not counted',
    file: 'destination/runs/runParts.ts',
    find: 'tries = p.tries + 1',
    replace: 'tries = p.tries',
    test: {
      file: 'test/invariants/lostWorkers.test.ts',
      name: 'the sixth attempt at a page that ends every worker fails the run and says why',
    },
  },
  {
    invariant: 2,
    name: 'the cursor is told in our clock only',
    file: 'destination/runs/cursors.ts',
    find: 'least(p.first_sent, p.first_sent_source)',
    replace: 'least(p.first_sent)',
    test: {
      file: 'test/invariants/02-no-lost-update.test.ts',
      name: 'a clock of the source that is an hour behind: the first sync, and a change after it',
    },
  },
  {
    invariant: 5,
    name: 'no fence',
    file: 'destination/runs/runParts.ts',
    find: 'where run_id = ? and step = ? and partition = ? and fence = ?\n      returning run_id)',
    replace: 'where run_id = ? and step = ? and partition = ? and fence >= ?\n      returning run_id)',
    test: {
      file: 'test/invariants/05-twice-is-once.test.ts',
      name: 'in a pull: the first one stops and writes nothing more',
    },
  },
  {
    invariant: 5,
    name: 'the fence is the number that Temporal gives the attempt',
    file: 'destination/runs/runParts.ts',
    find: '(p.attempt < excluded.attempt or p.attempt_at < excluded.attempt_at)',
    replace: 'p.attempt < excluded.attempt',
    test: { file: 'test/strategies/waits.test.ts', name: 'a run that waits goes on at once when an operator says so' },
  },
  {
    invariant: 5,
    name: 'an attempt that takes over writes with the fence of the one before',
    file: 'destination/runs/runParts.ts',
    find: 'fence = greatest(p.fence + 1, excluded.fence)',
    replace: 'fence = p.fence',
    test: {
      file: 'test/invariants/05-twice-is-once.test.ts',
      name: 'in a pull: the first one stops and writes nothing more',
    },
  },
  {
    invariant: 5,
    name: 'who reads at once is not fenced out by the ordinary pull',
    file: 'destination/runs/runParts.ts',
    find: 'from tidemark.runs where id = ? on conflict do nothing',
    replace: 'from tidemark.runs where id = ? on conflict (run_id, step, partition) do update set fence = 0',
    test: {
      file: 'test/strategies/atOnce.test.ts',
      name: 'an attempt thought dead writes nothing once the ordinary pull has begun',
    },
  },
  {
    invariant: 5,
    name: 'a run that has ended can end again',
    file: 'destination/runs/runs.ts',
    find: `where r.id = :runId and r.status = 'running' for update`,
    replace: 'where r.id = :runId for update',
    test: {
      file: 'test/invariants/05-twice-is-once.test.ts',
      name: 'activities that are run again after they have done their work do it once',
    },
  },
  {
    invariant: 6,
    name: 'the cursor moves backwards',
    file: 'destination/runs/cursors.ts',
    find: 'and (p.next_token is not null or k.at < p.next_at)',
    replace: '',
    test: {
      file: 'test/invariants/06-cursor.test.ts',
      name: 'a source whose clock is set back does not pull it back',
    },
  },
  {
    invariant: 6,
    name: 'a token is set without comparing',
    file: 'destination/runs/cursors.ts',
    find: 'and k.token is not distinct from p.found_token',
    replace: '',
    test: {
      file: 'test/invariants/06-token-feeds.test.ts',
      name: 'a token that an operator has reset meanwhile stays reset',
    },
  },
  {
    invariant: 6,
    name: 'a forgotten token is forgotten with what was deleted since',
    file: 'destination/runs/cursors.ts',
    find: 'case when p.started_over then coalesce(k.deletions_unknown_since, k.at) else k.deletions_unknown_since end',
    replace: 'k.deletions_unknown_since',
    test: { file: 'test/invariants/06-token-feeds.test.ts', name: 'is said by status until then' },
  },
  {
    invariant: 6,
    name: 'the cursor is set without comparing',
    file: 'destination/runs/cursors.ts',
    find: 'and k.at is not distinct from p.found_at and',
    replace: 'and',
    test: {
      file: 'test/invariants/06-cursor.test.ts',
      name: 'moved by somebody else meanwhile, it stays where they put it',
    },
  },
  {
    invariant: 10,
    name: 'nobody looks after runs whose lease has expired',
    file: 'destination/runs/runs.ts',
    find: `where status = 'running' and lease_until < clock_timestamp()`,
    replace: `where status = 'running' and lease_until < '-infinity'`,
    test: { file: 'test/invariants/10-status.test.ts', name: '… or as soon as the sweep comes by' },
  },
  {
    invariant: 13,
    name: 'a wait is noted although an operator has ended it',
    file: 'destination/runs/waits.ts',
    find: 'if (!blocked && !byEngine) return { resumes, ended: true };',
    replace: '',
    test: {
      file: 'test/strategies/waits.test.ts',
      name: 'a wait that was ended before it is noted is none, and a used-up budget is one',
    },
  },
  {
    invariant: 5,
    name: 'a batch counts its last attempt only',
    file: 'destination/runs/batchCounts.ts',
    find: 'set done = b.done + excluded.done, fetches = b.fetches + excluded.fetches',
    replace: 'set done = excluded.done, fetches = excluded.fetches',
    test: {
      file: 'test/strategies/counts.test.ts',
      name: 'a batch whose first result is lost counts what both attempts did, and asks for nothing twice',
    },
  },
];
