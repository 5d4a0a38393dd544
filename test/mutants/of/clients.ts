import type { Mutant } from '../mutant';

/** Mutants of clients/. */
export const clients: readonly Mutant[] = [
  {
    invariant: 14,
    name: 'a stored secret goes wherever the base URL leads',
    file: 'clients/operations/connections/addressRule.ts',
    find: 'if (move === undefined) return [];',
    replace: 'if (move !== undefined) return [];',
    test: {
      file: 'clients/operations/connections/addressRule.test.ts',
      name: 'a stored secret is not sent to %s unless it is given again',
    },
  },
  {
    invariant: 5,
    name: 'after an outage, a second run follows the one that catches up',
    file: 'clients/schedules/agree.ts',
    find: 'overlap: ScheduleOverlapPolicy.SKIP',
    replace: 'overlap: ScheduleOverlapPolicy.BUFFER_ONE',
    test: {
      file: 'clients/schedules/catchUp.test.ts',
      name: 'while no worker runs, one run waits for one; it brings everything, and none follows it',
    },
  },
];
