import { firstPresent } from './json';

test('of several names the first that is there counts, even where it holds null', () => {
  const record = { phoneNo: null, contact: { phone: '7' }, name: 'Ada' };
  expect(firstPresent(record, 'phoneNo', 'contact.phone')).toBeNull();
  expect(firstPresent(record, 'mobile', 'contact.phone', 'name')).toBe('7');
  expect(firstPresent(record, 'mobile', 'contact.mobile')).toBeUndefined();
});
