import { operation } from './definition/operation';
import { started } from './definition/schemas';
import { entityOf } from './definition/targetFields';

export const audit = operation({
  name: 'audit',
  effect: 'start',
  summary: 'compare the fields of live records with what the definition reads of them',
  details:
    'A worker reads up to 1,000 records from the listing `all`, notes which of their fields the mapping reads, and compares them with ' +
    'stored records. It finds fields that nothing reads, fields that are no longer there or have another name, columns that are always null, ' +
    'columns of a wider type than their values, and records that the mapping refuses, with ids and a proposed line of the definition. ' +
    'Nothing is written. Exit status 1 when records are refused or a field that is read has vanished.',
  report: 'the findings, with ids and proposed lines',
  examples: ['demo people', 'demo people --report audit.md', 'demo people --json'],
  input: entityOf,
  result: (z) => z.object(started(z)),
  run: () => import('./work/runs/checks.js').then(({ startAudit }) => startAudit),
});
