import { bookingSource, classType, type Described, type PaidBy } from './classification';

const sources: readonly (readonly [string, PaidBy, ReturnType<typeof bookingSource>])[] = [
  ['a membership', { membership: 'Unlimited' }, 'membership'],
  ['a contract', { contract: 'Yearly' }, 'membership'],
  ['a package', { package: 'Ten rides', creditOrigin: 'Purchased' }, 'package'],
  ['a membership beside a package', { membership: 'Unlimited', package: 'Ten rides' }, 'membership'],
  ['a place sold by a partner', { broker: 'ClassPass' }, 'partner'],
  ['a partner in the name of a credit', { credit: 'Gympass credit', membership: 'Unlimited' }, 'partner'],
  ['a broker that is no partner', { broker: 'Front desk', package: 'Ten rides' }, 'package'],
  ['a free class of a member', { isFree: true, membership: 'Unlimited' }, 'complimentary'],
  ['a complimentary credit', { credit: 'Comp credit' }, 'complimentary'],
  ['a company whose name begins like a word of courtesy', { package: 'Company ten' }, 'package'],
  ['a single credit', { credit: 'Drop-in' }, 'single class'],
  ['a guest', { guest: 'Ben', isFree: false }, 'guest'],
  ['a guest on a membership', { guest: 'Ben', membership: 'Unlimited' }, 'membership'],
  ['columns that are empty', { membership: ' ', package: '', guest: null }, 'unknown'],
  ['nothing', {}, 'unknown'],
];

test.each(sources)('the source of a booking: %s', (_name, paid, expected) => {
  expect(bookingSource(paid)).toBe(expected);
});

const types: readonly (readonly [string, Described, ReturnType<typeof classType>])[] = [
  ['an ordinary class', { name: 'Ride 45', category: 'Studio', isPublic: true, isFree: false }, 'group'],
  ['nothing', {}, 'group'],
  ['a private class', { name: 'Private Ride' }, 'private'],
  ['one-on-one in the tags', { name: 'Ride 45', tags: 'one-on-one, evening' }, 'private'],
  ['a class that is not public', { name: 'Ride 45', isPublic: false }, 'private'],
  ['an online class by its category', { name: 'Core', category: 'Online' }, 'online'],
  ['an online community class', { name: 'Community Livestream' }, 'online'],
  ['a community class by its name', { name: 'Community Ride', isFree: false }, 'community'],
  ['a class that is free', { name: 'Ride 45', isFree: true }, 'community'],
  ['a workshop', { name: 'Handstand Workshop', isPublic: false }, 'event'],
  ['a word that only begins alike', { name: 'Eventide Yoga' }, 'group'],
];

test.each(types)('the type of a class: %s', (_name, described, expected) => {
  expect(classType(described)).toBe(expected);
});
