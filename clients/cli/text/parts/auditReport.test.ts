import type { MappingAuditResult, MappingFinding } from '../../../../schema/definition/mappingAudit';
import { auditReport } from './auditReport';

const finding: MappingFinding = {
  ...{ about: 'unmapped', field: 'phone', finding: 'nothing reads it', records: 12, ids: ['1', '2'] },
  ...{ confirmed: true, line: 'phone: record.phone,' },
};
const result = (findings: readonly MappingFinding[]): MappingAuditResult => ({
  ...{ connectionId: 'demo', entity: 'people', records: 1_000, stored: 1_500 },
  findings,
});
const at = new Date('2026-11-21T10:00:00Z');

test('findings by kind, those that make wrong data first, with ids, which halves show them, and what to do', () => {
  const refused = {
    ...finding,
    about: 'set-aside',
    field: '',
    finding: 'invalid',
    confirmed: false,
    line: null,
  } as const;
  const text = auditReport(result([finding, refused]), at);
  expect(text).toContain('# Audit of demo/people');
  expect(text).toContain('2026-11-21T10:00:00.000Z: 1,000 records read from the source, 1,500 stored ones');
  expect(text).toContain('| `(record)` | invalid | 12 | `1`, `2` | one half |  |');
  expect(text).toContain('| `phone` | nothing reads it | 12 | `1`, `2` | both halves | `phone: record.phone,` |');
  expect(text.indexOf('Records that the mapping refuses')).toBeLessThan(text.indexOf('Fields that nothing reads'));
  expect(text).toContain('1 finding to correct in the definition');
  expect(auditReport(result([]), at)).toContain('The definition reads every field');
});

test('names that a source chose are never markup, nor what a terminal obeys', () => {
  const hostile = { ...finding, field: 'a|b`c\n# big', finding: '<img src=x> [x](http://x) \u001b[2J', ids: ['``|'] };
  const text = auditReport(result([hostile]), at);
  const [row = ''] = text.split('\n').filter((line) => line.includes('b`c'));
  // six cells, and no bar that a table would take for another one
  expect(row.replaceAll('\\|', '').split('|')).toHaveLength(8);
  expect(row).toContain('`` a\\|b`c # big ``');
  expect(row).toContain('\\<img src=x\\> \\[x\\]\\(http://x\\)');
  expect(text).not.toContain('\u001b');
  expect(text).not.toMatch(/^# big/m);
});
