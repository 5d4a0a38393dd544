import { openZoo } from './engine';
import { playHerd } from './herd';

const count = 120;
const seed = 20261127;

test('whatever the API: source and table are equal after a delta and a reconciliation', async () => {
  const zoo = await openZoo();
  const played = await playHerd(zoo, { seed, count, sideBySide: 12, limitMs: 45_000 });
  expect(played).toBeGreaterThan(0);
}, 600_000);
