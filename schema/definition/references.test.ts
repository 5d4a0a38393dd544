import { clubWith, toCustomer } from '../../test/derived/club';

const customer = toCustomer.customer;
const at = 'club.entities.bookings.references.customer';
const by = (mine: string, theirs: string) => ({ customer: { entity: 'customers', by: [{ mine, theirs }] } });

test.each([
  [
    'an entity that there is not',
    { customer: { ...customer, entity: 'people' } },
    `${at}.entity: there is no entity 'people'`,
  ],
  ['a column that there is not', by('mail', 'email'), `${at}.by.0.mine: there is no column 'mail' in row`],
  ['a column that the other row lacks', by('email', 'mail'), `${at}.by.0.theirs: there is no column 'mail' in row`],
  ['a column that has no text of its own', by('booked_on', 'email'), `${at}.by.0.mine: column 'booked_on' is date`],
  ['no keys', { customer: { entity: 'customers', by: [] } }, 'bookings.references.customer.by'],
  ['the name of a column of the row', { email: customer }, 'bookings.references.email: every table, or row, has'],
  ['the name of a column of every table', { deleted_at: customer }, 'bookings.references.deleted_at: every table'],
] as const)('a reference with %s is refused with the path', (_, references, message) => {
  expect(() => clubWith(references as never)).toThrow(message);
});
