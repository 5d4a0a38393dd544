/** The most that the engine reads of one response, each in the form that takes longest; one record each where nothing else is said. */
export const worstBodies: Readonly<Record<string, () => string>> = {
  'a record of 150,000 values': () => list(record({ values: [...range(149_000)] })),
  'a record of 16 MB': () => list(record({ text: 'é"\\\\n'.repeat(1_850_000) })),
  'a record of 140,000 keys with numbers that no double holds': () =>
    list(
      `{"id":"1","updated_at":"${at}","name":"n",${[...range(70_000)].map((n) => `"k${n}":${n}.12345678901234567890`).join(',')}}`,
    ),
  'a record of 200 levels, many times': () =>
    list(record({ deep: [...range(300)].map(() => 'DEEP') })).replaceAll(
      '"DEEP"',
      `${'['.repeat(190)}${']'.repeat(190)}`,
    ),
  '500,000 values around the records': () =>
    `{"data":[${record({})}],"around":[${[...range(495_000)].map(() => '{}').join(',')}]}`,
  'a body that ends within 40 MB of escaped quotes': () => `{"data":[{"id":"1","name":"${'\\"'.repeat(20_000_000)}`,
  'a body of 60 MB that is no JSON': () => `{"data":[${'{"a":'.repeat(12_000_000)}`,
};

/** The most records of one page. */
export const mostRecords = () =>
  `{"data":[${[...range(200_000)].map((n) => `{"id":"${n}","updated_at":"${at}","name":"n${n}"}`).join(',')}]}`;

const at = '2026-01-02T03:04:05Z';

function record(more: object): string {
  return JSON.stringify({ id: '1', updated_at: at, name: 'n', ...more });
}

function list(one: string): string {
  return `{"data":[${one}]}`;
}

function* range(count: number): Generator<number> {
  for (let n = 0; n < count; n++) yield n;
}
