import { coloursFor } from '../../terminal/shell';
import { checkedText } from './checkedText';

const colours = coloursFor(process.stderr, { NO_COLOR: '1' });
const checked = { connectionId: 'north', connector: 'shop', auth: 'none', ok: true, entities: [] } as const;

test('for a connection that only files feed, the next step is an import, not a sync', () => {
  expect(checkedText(colours, checked)).toBe(
    'Its entities are fed by files, and no source is asked for them.\nNext: tidemark import north <entity> <file>',
  );
});

test('what was read, and that the first sync comes next', () => {
  const people = { entity: 'people', says: 'read', records: 3, more: false, detail: 'the whole list' } as const;
  expect(checkedText(colours, { ...checked, entities: [people] })).toBe(
    'What the credentials may read (none):\n  people  3 records in the whole list\nNext: tidemark sync north',
  );
});
