import type { MappingAuditInput, MappingAuditResult } from '../schema/definition/mappingAudit';
import { singleAttempt } from './activities';

/** Compares the fields of a source's records with the mapping. */
export function auditMapping(input: MappingAuditInput): Promise<MappingAuditResult> {
  return singleAttempt.auditMapping(input);
}
