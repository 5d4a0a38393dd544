import type { IdShape, NumberKind, World } from './world';

/** A record of a source. Instants are microseconds since 1970; numbers are the text that stands in the JSON. */
export interface ZooRecord {
  readonly slot: number;
  readonly id: string;
  readonly partition: string;
  readonly name: string;
  /** a literal of JSON */
  readonly amount: string;
  /** a literal of JSON: an integer */
  readonly quantity: string;
  readonly createdAt: number;
  /** null until its first update, where the source keeps it so */
  readonly updatedAt: number | null;
  /** by the source's own clock of changes, which no field shows */
  readonly changedAt: number;
  /** counts its states, over deletion and creation again */
  readonly state: number;
}

const uuid = (slot: number) => `0f8fad5b-d9cd-469f-a165-${String(70_867_728_950 + slot * 7919).padStart(12, '0')}`;

const ids: { readonly [S in IdShape]: (slot: number) => string } = {
  numbers: (slot) => String(17 + slot),
  longNumbers: (slot) => String(9_007_199_254_740_992n + BigInt(slot)),
  uuids: uuid,
  slashes: (slot) => `shop/${slot}/a//b`,
  spaces: (slot) => `no ${slot} of 100 `,
  unicode: (slot) => `Zoë-日本-${slot}-🦓`,
  signs: (slot) => `50%&?#=+;${slot}'"\\`,
  dots: (slot) => ['..', '.', '%2e%2E'][slot] ?? `..${slot}`,
};

export const idOf = (shape: IdShape, slot: number): string => ids[shape](slot);

/** Whether a URL takes the id for a step through its path, however it is encoded. */
export const isStepInPath = (id: string): boolean => /^(\.|%2e){1,2}$/i.test(id);

/** Whether ids stand in the JSON as numbers. */
export const numericIds = (shape: IdShape): boolean => shape === 'numbers' || shape === 'longNumbers';

/** The source's own order of ids. */
export function compareIds(shape: IdShape, a: string, b: string): number {
  if (numericIds(shape)) return BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0;
  return a < b ? -1 : a > b ? 1 : 0;
}

const amounts: { readonly [N in NumberKind]: (state: number) => string } = {
  money: (n) => `${n * 7}.${String((n * 37) % 100).padStart(2, '0')}`,
  longIntegers: (n) => `${n % 2 ? '-' : ''}9007199254740993${n}`,
  longDecimals: (n) => `${n}234567890123456.78901234567890${n}`,
  exponents: (n) => (n % 3 === 0 ? `${n}.5e-12` : n % 3 === 1 ? `1.${n}E+25` : `-${n}e3`),
};

export const amountOf = (kind: NumberKind, state: number): string => amounts[kind](state);

/** What a name may hold: letters that every charset of the zoo has, those of Windows-1252 alone, and quotes to escape. */
export const nameOf = (slot: number, state: number): string =>
  `Nº ${slot} “Ærø” – €${state} ${['ok', 'it’s', '\\"quoted"', 'tab\tnew\nline', ''][state % 5]}`;

/** An instant as the source writes it: cut to its digits. */
export function writeInstant({ digits, zone }: Pick<World, 'digits' | 'zone'>, micros: number): string {
  const shift = zone === 'offset' ? 2 * 3_600_000 : 0;
  const iso = new Date(Math.floor(micros / 1000) + shift).toISOString();
  const fraction = `${iso.slice(20, 23)}${String(micros % 1000).padStart(3, '0')}`.slice(0, digits);
  const time = iso.slice(0, 19).replace('T', zone === 'space' ? ' ' : 'T');
  return `${time}${digits === 0 ? '' : `.${fraction}`}${zone === 'offset' ? '+02:00' : 'Z'}`;
}

/** The record as JSON: all of it, or what an `ids` listing shows. */
export function writeRecord(world: World, record: ZooRecord, what: 'all' | 'ids' | 'tombstone'): string {
  const fields: [string, string][] = [['id', numericIds(world.ids) ? record.id : JSON.stringify(record.id)]];
  const text = (name: string, value: string) => fields.push([name, JSON.stringify(value)]);
  switch (world.version) {
    case 'instant':
      text('updated_at', writeInstant(world, record.updatedAt ?? record.createdAt));
      break;
    case 'fallback':
      text('created_at', writeInstant(world, record.createdAt));
      fields.push([
        'updated_at',
        record.updatedAt === null ? 'null' : JSON.stringify(writeInstant(world, record.updatedAt)),
      ]);
      break;
    case 'integer':
      fields.push(['revision', String(9_007_199_254_740_900n + BigInt(record.state))]);
      break;
    case 'text':
      text('revision', `r${String(record.state).padStart(6, '0')}`);
      break;
    case 'opaque':
      text('etag', `W/"${(record.state * 2_654_435_761) % 4_294_967_296}"`);
      break;
    case 'none':
      break;
  }
  if (world.changes?.field === 'shownClock') text('changed_at', writeInstant(world, record.changedAt));
  if (what === 'tombstone') fields.push(['deleted', 'true']);
  if (what === 'all') {
    text('name', record.name);
    fields.push(['amount', record.amount], ['quantity', record.quantity]);
    if (world.partitions > 1) text('site', record.partition);
  }
  return `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}
