import { rmSync } from 'node:fs';
import { z } from 'zod';
import { codeOf, readJson, writeWhole } from './files';
import {
  type ChildRecord,
  childRecord,
  endProcess,
  isAlive,
  ownIdentity,
  type ProcessIdentity,
  processIdentity,
} from './processes';
import type { OnProgress } from './progress';
import type { ChildWatcher } from './supervise';

/** An orphan has no parent to answer to, and the next start waits for its end. */
const longestFarewellMs = 5_000;

const ledgerSchema = z.object({ owner: processIdentity, children: z.array(childRecord) });
export type LedgerText = z.infer<typeof ledgerSchema>;

/** The children that one process started and that live now, written down so that others can end them when it was killed. */
export interface Ledger extends ChildWatcher {
  readonly file: string;
  /** Removes the file; what is still in it is left alone. */
  close(): void;
}

/** Begins a ledger in the name of this process; end the orphans of the former one first. */
export function openLedger(file: string): Ledger {
  const owner = ownIdentity();
  const children: ChildRecord[] = [];
  const write = () => writeWhole(file, `${JSON.stringify({ owner, children }, undefined, 2)}\n`);
  const save = () => {
    try {
      write();
    } catch (error) {
      // The folder was removed: the process that ends the children now knows them all the same.
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  };
  write();
  return {
    file,
    born(child) {
      children.push(child);
      save();
    },
    gone(child) {
      const at = children.indexOf(child);
      if (at >= 0) children.splice(at, 1);
      save();
    },
    close: () => rmSync(file, { force: true }),
  };
}

/** The children that a ledger lists and that live; none where there is no ledger. */
export function childrenIn(file: string): ChildRecord[] {
  return (readLedger(file)?.children ?? []).filter(isAlive);
}

/** What a ledger lists; undefined where there is none. */
export function readLedger(file: string): LedgerText | undefined {
  return readJson(file, ledgerSchema);
}

/**
 * Ends what a killed process left running, newest first, since later ones lean on earlier ones. Does nothing while the
 * ledger's owner lives. Only processes with the very pid and time of birth that were written down are touched.
 *
 * @param owner when given, only a ledger of this process
 */
export async function endOrphans(
  file: string,
  { owner, onProgress }: { owner?: ProcessIdentity; onProgress?: OnProgress | undefined } = {},
): Promise<void> {
  const ledger = readLedger(file);
  if (ledger === undefined || isAlive(ledger.owner)) return;
  if (owner !== undefined && (ledger.owner.pid !== owner.pid || ledger.owner.born !== owner.born)) return;
  await endChildren(ledger.children, onProgress);
}

/** Ends those that live, newest first. */
export async function endChildren(children: readonly ChildRecord[], onProgress?: OnProgress): Promise<void> {
  for (const child of children.filter(isAlive).reverse()) {
    onProgress?.(`Ending ${child.name} (process ${child.pid}), which an earlier Tidemark left running`);
    await endProcess({ ...child, stopLimitMs: Math.min(child.stopLimitMs, longestFarewellMs) });
  }
}
