import { type ReferenceFacts, referenceFacts } from '../../../destination/derived/references/unresolved';
import { tableFits } from '../../../destination/rows/tables';
import { TidemarkError } from '../../../schema/errors';
import type { Target } from '../../../schema/workflows';
import type { OperationContext } from '../definition/context';
import { findTarget, type TargetInput } from './targets';

export interface OrphansShown extends Target {
  readonly references: readonly (ReferenceFacts & { readonly column: string; readonly to: string })[];
}

/** Throws TidemarkError 'NotFound' where there are no tables yet, and 'Usage' where the entity declares no references. */
export async function showOrphans(
  context: Pick<OperationContext, 'db' | 'connectors'>,
  { limit, ...named }: TargetInput & { readonly limit: number },
): Promise<OrphansShown> {
  const { target, connector } = await findTarget(context, named);
  const declared = connector.references.filter(({ entity }) => entity === target.entity);
  if (declared.length === 0) {
    throw new TidemarkError(
      'Usage',
      `Entity ${target.entity} has no references: its definition names them in \`references\``,
    );
  }
  const references = [];
  for (const reference of declared) {
    for (const name of [reference.entity, reference.toEntity]) {
      const entity = connector.entities.get(name);
      if (entity !== undefined && !(await tableFits(context.db, entity)))
        throw new TidemarkError(
          'NotFound',
          `Table ${entity.table} does not exist yet, or lacks columns: a worker makes it within a minute`,
        );
    }
    const facts = await referenceFacts(context.db, reference, target.connectionId, limit);
    references.push({ column: reference.column, to: reference.toEntity, ...facts });
  }
  return { ...target, references };
}
