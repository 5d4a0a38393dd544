import { openZoo } from './engine';
import { playHerd } from './herd';

const count = Number(process.env.TIDEMARK_ZOO_SOURCES ?? 2_000);
const minutes = Number(process.env.TIDEMARK_ZOO_MINUTES ?? 60);
const seed = Number(process.env.TIDEMARK_ZOO_SEED ?? Date.now() % 1_000_000_000);

test(
  `${count} sources from seed ${seed} on, for at most ${minutes} minutes`,
  async () => {
    const zoo = await openZoo();
    const began = performance.now();
    const played = await playHerd(zoo, {
      seed,
      count,
      sideBySide: 12,
      limitMs: minutes * 60_000,
      onPlayed: (sofar) => {
        if (sofar % 50 > 0) return;
        const seconds = Math.round((performance.now() - began) / 1000);
        process.stderr.write(`${sofar} sources after ${seconds} s (seeds ${seed} to about ${seed + sofar})\n`);
      },
    });
    expect(played).toBeGreaterThan(0);
    process.stderr.write(`${played} sources, from seed ${seed} on\n`);
  },
  24 * 3_600_000,
);
