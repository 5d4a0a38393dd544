import { randomUUID } from 'node:crypto';
import type {
  FirstPageInput,
  FirstPageResult,
  LookAtInput,
  LookAtResult,
  ProbeInput,
  ProbeResult,
  VerifyInput,
  VerifyResult,
} from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { MappingAuditInput, MappingAuditResult } from '../../schema/definition/mappingAudit';
import type { Priority } from '../../schema/ports';
import { recordKey } from '../../schema/recordKey';
import {
  type ApplyPlanInput,
  type ApplyPlanResult,
  type BackfillInput,
  type DeltaSyncInput,
  type ImportInput,
  type ImportResult,
  ids,
  type ReconciliationInput,
  type ReconciliationResult,
  type RemapInput,
  type RunResult,
  type RunStrategy,
  type SingleRecordInput,
  type SingleRecordResult,
  type SyncRecordsInput,
  type SyncRecordsResult,
  type Target,
  type TouchInput,
  type TouchResult,
  workflowNames,
} from '../../schema/workflows';

/** A workflow that clients start, as data. */
export interface Startable<Input extends Target, Result> {
  readonly name: string;
  workflowId(input: Input): string;
  /** as its labels in Temporal and messages name it */
  readonly strategy: string;
  /** of one that records a run: PostgreSQL is asked first whether one is running */
  readonly run?: RunStrategy;
  /** the start is refused; or one that is running gets the signal to go once more; or it is joined */
  readonly whileRunning: 'refuse' | 'again' | 'join';
  readonly priority: Priority;
  /** a source that cannot be reached is asked again and again; nobody waits longer than this for it */
  readonly timeout?: '45 seconds' | '10 minutes' | '1 day';
  /** never set: carries the type of the result */
  readonly returns?: Result;
}

/** Reads what changed since the cursor, besides its schedule. */
export const delta: Startable<DeltaSyncInput, RunResult> = {
  name: workflowNames.deltaSync,
  workflowId: ids.delta,
  strategy: 'delta',
  run: 'delta',
  whileRunning: 'refuse',
  priority: 'delta',
};

/** Compares the whole table, besides its schedule. */
export const reconciliation: Startable<ReconciliationInput, ReconciliationResult> = {
  name: workflowNames.reconciliation,
  workflowId: ids.reconciliation,
  strategy: 'reconciliation',
  run: 'reconciliation',
  whileRunning: 'refuse',
  priority: 'reconciliation',
};

/** Reads what changed since an instant, whatever the cursor says, behind everything else. */
export const backfill: Startable<BackfillInput, RunResult> = {
  name: workflowNames.backfill,
  workflowId: ids.backfill,
  strategy: 'backfill',
  run: 'backfill',
  whileRunning: 'refuse',
  priority: 'backfill',
};

/** Rebuilds the typed columns from `raw`, without the source. */
export const remap: Startable<RemapInput, RunResult> = {
  name: workflowNames.remap,
  workflowId: ids.remap,
  strategy: 'remap',
  run: 'remap',
  whileRunning: 'refuse',
  priority: 'backfill',
};

/** Reads an uploaded file into the table. */
export const importFile: Startable<ImportInput, ImportResult> = {
  name: workflowNames.importFile,
  workflowId: ids.importFile,
  strategy: 'import',
  run: 'import',
  whileRunning: 'refuse',
  priority: 'backfill',
};

/** Applies an approved plan, which confirms each row again. */
export const applyPlan: Startable<ApplyPlanInput, ApplyPlanResult> = {
  name: workflowNames.applyPlan,
  workflowId: ({ planId }) => ids.plan(planId),
  strategy: 'reconciliation',
  whileRunning: 'refuse',
  priority: 'reconciliation',
};

/** Fetches one record. While it is being fetched already, it is fetched once more. */
export function singleRecord(entity: ConnectorEntity): Startable<SingleRecordInput, SingleRecordResult> {
  return {
    name: workflowNames.singleRecord,
    workflowId: (input) => ids.record(input, recordKey(entity, input.id)),
    strategy: 'record',
    whileRunning: 'again',
    priority: 'webhook',
  };
}

/** Most ids that one workflow takes: they are in its input, and so in its history. */
export const idsAtMost = 200;

/** Fetches some records, at most `idsAtMost`, by their ids. */
export const records: Startable<SyncRecordsInput, SyncRecordsResult> = {
  name: workflowNames.syncRecords,
  workflowId: (input) => ids.records(input, randomUUID()),
  strategy: 'records',
  whileRunning: 'refuse',
  priority: 'reconciliation',
};

/** Fetches in batches whatever is open in the inbox for one entity of a connection. */
export const inbox: Startable<SyncRecordsInput, SyncRecordsResult> = {
  name: workflowNames.syncRecords,
  workflowId: ids.inbox,
  strategy: 'inbox',
  whileRunning: 'again',
  priority: 'webhook',
};

/** Asks the source for one record; writes nothing. */
export function lookAt(entity: ConnectorEntity): Startable<LookAtInput, LookAtResult> {
  return {
    name: workflowNames.lookAt,
    workflowId: (input) => ids.look(input, recordKey(entity, input.id)),
    strategy: 'look',
    whileRunning: 'join',
    priority: 'webhook',
    timeout: '45 seconds',
  };
}

/** The same for an operator who wants to see the record: it is kept in PostgreSQL under `showAs`. */
export const showRecord: Startable<LookAtInput & { readonly showAs: string }, LookAtResult> = {
  name: workflowNames.lookAt,
  workflowId: (input) => ids.show(input, input.showAs),
  strategy: 'look',
  whileRunning: 'refuse',
  priority: 'webhook',
  timeout: '45 seconds',
};

/** Makes a harmless change at the source, once at most. */
export const touch: Startable<TouchInput, TouchResult> = {
  name: workflowNames.touch,
  workflowId: (input) => ids.touch(input, input.touchId),
  strategy: 'touch',
  whileRunning: 'refuse',
  priority: 'webhook',
};

/** Reads the first page of an entity's list; writes nothing. */
export const firstPage: Startable<FirstPageInput, FirstPageResult> = {
  name: workflowNames.firstPage,
  workflowId: (input) => ids.firstPage(input, input.key),
  strategy: 'first-page',
  whileRunning: 'refuse',
  priority: 'webhook',
  timeout: '45 seconds',
};

/** Asks the live API how it behaves; writes nothing. */
export const probe: Startable<ProbeInput, ProbeResult> = {
  name: workflowNames.probe,
  workflowId: ids.probe,
  strategy: 'probe',
  whileRunning: 'refuse',
  priority: 'reconciliation',
  timeout: '10 minutes',
};

/** Compares the fields of live records with the mapping; writes nothing. */
export const auditMapping: Startable<MappingAuditInput, MappingAuditResult> = {
  name: workflowNames.auditMapping,
  workflowId: ids.auditMapping,
  strategy: 'audit',
  whileRunning: 'refuse',
  priority: 'reconciliation',
  timeout: '10 minutes',
};

/** Compares table and source; writes nothing. `sample` null: everything. */
export const verify: Startable<VerifyInput, VerifyResult> = {
  name: workflowNames.verify,
  workflowId: ids.verify,
  strategy: 'verify',
  whileRunning: 'refuse',
  priority: 'reconciliation',
  timeout: '1 day',
};
