import { withReport } from './report';

test('the report goes between the markers, in place of the last one', () => {
  const document = '# A\n<!-- soak:begin -->\nold\n<!-- soak:end -->\nrest\n';
  expect(withReport(document, 'new')).toBe('# A\n<!-- soak:begin -->\nnew\n<!-- soak:end -->\nrest\n');
  expect(() => withReport('# A\n', 'new')).toThrow('has no <!-- soak:begin -->');
});
