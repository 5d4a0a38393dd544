import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';

interface Probed {
  readonly requests: number;
  readonly findings: readonly ProbeFinding[];
}

/**
 * Probes what of an entity can be asked without starting a job: `probe` is given an entity without the lists that only a job makes, and those
 * whose range a run chooses.
 */
export async function probeReport(
  entity: ConnectorEntity,
  probe: (entity: ConnectorEntity) => Promise<Probed>,
): Promise<Probed> {
  const { all, changes, ids } = entity.listings;
  const unasked = Object.entries({ all, changes, ids }).flatMap(([name, list]) =>
    list?.report !== undefined && (list.report.capped === undefined || list.report.window !== undefined)
      ? [[name, notAsked(name)] as const]
      : [],
  );
  const without = new Map(unasked);
  const notes = [...without.values()];
  if (notes.length === 0) return await probe(entity);
  if (without.has('all')) return { requests: 0, findings: notes };
  const listings = {
    ...entity.listings,
    ...(without.has('changes') && { changes: undefined }),
    ...(without.has('ids') && { ids: undefined }),
  };
  const { requests, findings } = await probe({ ...entity, listings });
  return { requests, findings: [...findings, ...notes] };
}

function notAsked(listing: string): ProbeFinding {
  const finding = `the listing '${listing}' is a report that runs start as a job, so it was not requested`;
  return { about: 'report', verdict: 'unknown', finding, request: null, line: null };
}
