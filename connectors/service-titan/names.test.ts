import { splitName } from './names';

const person = (firstname: string | null, lastname: string | null) => ({ firstname, lastname, company: null });
const company = (name: string) => ({ firstname: null, lastname: null, company: name });

test.each([
  ['Ada Abernathy', person('Ada', 'Abernathy')],
  ['Abernathy, Ada', person('Ada', 'Abernathy')],
  ["Mary Ann  O'Neill", person('Mary Ann', "O'Neill")],
  ['Björn van der Berg', person('Björn', 'van der Berg')],
  ['van der Berg, Björn', person('Björn', 'van der Berg')],
  ['Robert Lee III', person('Robert', 'Lee III')],
  ['Robert Lee, Jr.', person('Robert', 'Lee Jr.')],
  ['Mr. & Mrs. Kim', person(null, 'Kim')],
  ['Dr. Esi Okafor', person('Esi', 'Okafor')],
  ['Ann & Bob Fischer', person('Ann & Bob', 'Fischer')],
  ['Cher', person(null, 'Cher')],
  ['Van Morrison', person('Van', 'Morrison')],
  ['  ', person(null, null)],
])('a person: %s', (name, parts) => {
  expect(splitName(name, 'Residential')).toEqual(parts);
});

test.each([
  ['Birch & Sons', 'Commercial'],
  ['Ada Abernathy', 'Commercial'],
  ['Cedar Court HOA', 'Residential'],
  ['Alder Dental, LLC', 'Residential'],
  ['Dogwood Bakery Inc.', null],
])('a company is not split: %s, %s', (name, type) => {
  expect(splitName(name, type)).toEqual(company(name));
});
