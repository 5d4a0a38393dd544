import type { z } from 'zod';
import { type Erased, forgetRecord, keylessSetAside } from '../../destination/cleanup/forgetRecord';
import type { Target } from '../../schema/workflows';
import { type By, type OperatorContext, recordIdInput, targetInput } from './context';
import { findTarget } from './targets';

export const forgetInput = targetInput.extend({ id: recordIdInput });

export interface Forgotten extends Target {
  readonly erased: Erased;
  /** set-aside records whose key could not be read: they may be about the same person */
  readonly withoutKey: number;
  /** what an operator has to know: nothing is suppressed, and what lies outside of the engine's tables */
  readonly warnings: readonly string[];
}

/**
 * Erases a record from everything that the engine keeps, audited without its id. Nothing is suppressed: what the source still has is
 * written again when it is read again, and the result says so. Throws TidemarkError 'NotFound', and 'Usage' without a reason.
 */
export async function forget(
  { db, connectors }: OperatorContext,
  input: z.output<typeof forgetInput>,
  by: By,
): Promise<Forgotten> {
  const { connection, entity: name, id } = input;
  const { entity } = await findTarget(db, connectors, connection, name);
  const erased = await forgetRecord(db, connection, entity, id, by);
  const withoutKey = await keylessSetAside(db, connection, name);
  return {
    connectionId: connection,
    entity: name,
    erased,
    withoutKey,
    warnings: [
      'It is not suppressed: unless it is deleted at the source, the next listing, webhook or reconciliation that shows it brings it back. Delete it there first, then forget it here. What was asked for before is not written any more; for that its id, and nothing else, is kept for a day.',
      'Other records that mention the person (other entities, your own tables), backups and write-ahead logs are not touched; Temporal keeps the id, never content, in workflow ids and histories until their retention ends, and the errors of past runs may name it.',
      ...(withoutKey === 0
        ? []
        : [
            `${withoutKey} set-aside records of ${connection}/${name} have no readable key and may be about the same person: look through 'tidemark set-aside list ${connection} ${name}'.`,
          ]),
    ],
  };
}
