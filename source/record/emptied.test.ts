import { emptied } from './emptied';

const blank = { name: null, email: null, phone: null };

test.each<[string, object, object]>([
  ['an id and a mark', { id: 1, deleted: true }, { name: null }],
  ['a mark and a default of the mapping', { id: 1, last_modified: 5, deleted: true }, { name: '', active: false }],
  ['a mark inside attributes', { id: 1, type: 'person', attributes: { deleted_at: '2026-01-01' } }, { name: null }],
  ['only an id and a version, for several columns', { id: 1, updated_at: '2026-01-01' }, blank],
])('doubted: %s', (_, raw, row) => {
  expect(emptied(raw, row as Record<string, unknown>)).toContain('gone.record');
});

test.each<[string, object, object]>([
  ['a column has content', { id: 1, deleted: true, name: 'Ada' }, { name: 'Ada' }],
  ['fields are there, and empty', { id: 1, name: null, email: null, phone: null, updated_at: 1 }, blank],
  ['a mark that is not set', { id: 1, deleted: false }, { name: null }],
  ['one column, which may well be empty', { id: 1, updated_at: '2026-01-01' }, { name: null }],
])('not doubted: %s', (_, raw, row) => {
  expect(emptied(raw, row as Record<string, unknown>)).toBeUndefined();
});
