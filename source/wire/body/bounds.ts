/** What the engine reads of one response; more is refused before anything is parsed. */
export const bounds = {
  /** records of one page */
  records: 200_000,
  /** texts (keys too), numbers, words, objects and lists of one response */
  values: 10_000_000,
  /** objects and lists of one response: three bytes of body become some 50 bytes of memory */
  containers: 4_000_000,
  /** levels of objects and lists: of a record, which is set aside, and of what is around the records, which is refused */
  depth: 200,
  /** bytes and values of one record; a larger one is set aside */
  recordBytes: 16 * 1024 * 1024,
  recordValues: 150_000,
  /** values around the records, which are parsed at once */
  aroundValues: 500_000,
} as const;

/** The response is beyond one of the bounds; `message` names the bound and what came. */
export class OutOfBounds extends Error {}
