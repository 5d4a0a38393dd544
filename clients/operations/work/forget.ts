import { type Erased, forgetRecord, keylessSetAside } from '../../../destination/cleanup/forgetRecord';
import type { Target } from '../../../schema/workflows';
import type { By, OperationContext } from '../definition/context';
import { findTarget, type TargetInput } from './targets';

export interface Forgotten extends Target {
  readonly erased: Erased;
  /** set-aside records whose key could not be read: they may be about the same person */
  readonly withoutKey: number;
  /** nothing is suppressed, and what is outside of the engine's tables is not erased */
  readonly warnings: readonly string[];
}

/**
 * Erases a record from everything that the engine keeps, audited without its id. Nothing is suppressed: what the source still has is
 * written again when it is read again, and the result says so. Throws TidemarkError 'NotFound', and 'Usage' without a reason.
 */
export async function forgetOne(
  context: Pick<OperationContext, 'db' | 'connectors'>,
  { id, ...named }: TargetInput & { readonly id: string },
  by: By,
): Promise<Forgotten> {
  const { db } = context;
  const { connection, entity: name } = named;
  const { entity } = await findTarget(context, named);
  const erased = await forgetRecord(db, connection, entity, id, by);
  const withoutKey = await keylessSetAside(db, connection, name);
  return {
    connectionId: connection,
    entity: name,
    erased,
    withoutKey,
    warnings: [
      'It is not suppressed: unless it is deleted at the source, the next listing, webhook or reconciliation that shows it brings it back. Delete it there first, then forget it here. Answers to earlier requests are not written any more: for that its id, and nothing else, is kept for a day.',
      'Other records that mention the person (other entities, your own tables), backups and write-ahead logs are not touched; Temporal keeps the id, never content, in workflow ids and histories until their retention ends, and the errors of past runs may name it.',
      ...(withoutKey === 0
        ? []
        : [
            `${withoutKey} set-aside records of ${connection}/${name} have no readable key and may be about the same person: look through 'tidemark set-aside list ${connection} ${name}'.`,
          ]),
    ],
  };
}
