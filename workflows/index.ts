/** What the workers register; the names are a public API. */
export { applyPlan } from './applyPlan';
export { auditMapping } from './auditMapping';
export { backfill } from './backfill';
export { deltaSync } from './deltaSync';
export { firstPage } from './firstPage';
export { importFile } from './importFile';
export { lookAt } from './lookAt';
export { probe } from './probe';
export { reconciliation } from './reconciliation';
export { remap } from './remap';
export { singleRecord } from './singleRecord';
export { sweep } from './sweep';
export { syncRecords } from './syncRecords';
export { touch } from './touch';
export { verify } from './verify';
