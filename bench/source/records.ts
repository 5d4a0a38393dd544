/** The records that the source of the benchmark has: 551 bytes each as JSON, as different as those of a real API. */
const given = ['Ada', 'Grace', 'Alan', 'Edsger', 'Barbara', 'Donald', 'Margaret', 'Dennis', 'Frances', 'Ken'];
const family = ['Lovelace', 'Hopper', 'Turing', 'Dijkstra', 'Liskov', 'Knuth', 'Hamilton', 'Ritchie', 'Allen'];
const cities = ['Lisbon', 'Oslo', 'Kraków', 'Zürich', 'Málaga', 'Tromsø', 'Ghent', 'Turku'];
const stages = ['lead', 'trial', 'customer', 'churned'];

const firstInstant = Date.UTC(2026, 0, 1);
export const recordBytes = 551;

export function idOf(index: number): string {
  return `rec_${String(index).padStart(9, '0')}`;
}

/** The place of an id in the list; NaN for others. */
export function indexOf(id: string): number {
  return Number(/^rec_(\d{9})$/.exec(id)?.[1] ?? Number.NaN);
}

const apartMs = 20;

export function updatedAt(index: number): string {
  return new Date(firstInstant + index * apartMs).toISOString();
}

/** The place of the first record that was changed at this instant or later. */
export function firstSince(instant: string): number {
  return Math.max(0, Math.ceil((Date.parse(instant) - firstInstant) / apartMs));
}

/** One record as JSON text, `recordBytes` long in UTF-8. */
export function recordJson(index: number): string {
  const pick = (list: readonly string[], salt: number) => list[(index * 7 + salt * 13 + (index >> 4)) % list.length];
  const first = pick(given, 1);
  const last = pick(family, 2);
  const record = {
    id: idOf(index),
    updated_at: updatedAt(index),
    created_at: new Date(firstInstant - (index % 500) * 86_400_000).toISOString(),
    first_name: first,
    last_name: last,
    email: `${first}.${last}.${index}@example.com`.toLowerCase(),
    phone: index % 5 === 0 ? null : `+49 30 ${1_000_000 + ((index * 7919) % 9_000_000)}`,
    stage: pick(stages, 3),
    subscribed: index % 3 === 0,
    visits: (index * 31) % 1_000,
    spent: ((index * 7919) % 1_000_000) / 100,
    birthday: `19${String(50 + (index % 50))}-0${1 + (index % 9)}-1${index % 10}`,
    address: {
      street: `${(index % 200) + 1} Harbour Road`,
      city: pick(cities, 4),
      zip: String(10_000 + (index % 80_000)),
    },
    tags: [pick(stages, 5), pick(cities, 6)],
    note: '',
  };
  const short = JSON.stringify(record);
  const filling = recordBytes - Buffer.byteLength(short);
  return short.replace('"note":""', `"note":"${'lorem ipsum dolor sit '.repeat(20).slice(0, Math.max(0, filling))}"`);
}

/** One record of a listing of ids and versions. */
export function idJson(index: number): string {
  return `{"id":"${idOf(index)}","updated_at":"${updatedAt(index)}"}`;
}
