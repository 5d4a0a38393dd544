import { besideWorst, type Held } from '../support/sources/besideWorst';
import { mostRecords, worstBodies } from '../support/sources/worstBodies';

jest.setTimeout(600_000);

/** The promise itself, and also for the most records of one page, whose writing takes a while. */
let read: (body: string) => Promise<Held>;
beforeAll(async () => {
  read = await besideWorst();
});

test.each([...Object.entries(worstBodies), ['200,000 records on one page', mostRecords] as const])(
  '%s holds the event loop for less than a second',
  async (what, body) => {
    const { longestMs, others } = await read(body());
    process.stderr.write(`${what}: at most ${Math.round(longestMs)} ms in one turn, ${others} other runs meanwhile\n`);
    expect(longestMs).toBeLessThan(1_000);
    expect(others).toBeGreaterThan(0);
  },
);
