/** Records as one long buffer of JSON, so that any page of them is a slice and serving it costs next to nothing. */
export interface Book {
  readonly count: number;
  /** `[…]` of the records from `start` on, `size` at most */
  page(start: number, size: number): Buffer[];
  record(index: number): Buffer | undefined;
}

const open = Buffer.from('[');
const close = Buffer.from(']');
const atOnce = 20_000;

/** Writes `count` records, of which `text` gives the JSON, into a book; page by page, since one string can't be so long. */
export function bind(count: number, text: (index: number) => string): Book {
  const chunks: Buffer[] = [];
  const ends = new Float64Array(count + 1);
  let size = 0;
  for (let first = 0; first < count; first += atOnce) {
    let chunk = '';
    for (let index = first; index < Math.min(count, first + atOnce); index++) {
      const record = `${text(index)},`;
      chunk += record;
      size += Buffer.byteLength(record);
      ends[index + 1] = size;
    }
    chunks.push(Buffer.from(chunk));
  }
  const at = (index: number) => ends[Math.min(Math.max(index, 0), count)] ?? 0;
  const slices = (from: number, to: number): Buffer[] => {
    const found: Buffer[] = [];
    for (let index = from; index < to; ) {
      const number = Math.floor(index / atOnce);
      const end = Math.min(to, (number + 1) * atOnce);
      const base = at(number * atOnce);
      const chunk = chunks[number];
      if (chunk) found.push(chunk.subarray(at(index) - base, at(end) - base));
      index = end;
    }
    return found;
  };
  return {
    count,
    page(start, wanted) {
      const end = Math.min(count, start + wanted);
      if (start >= end) return [open, close];
      const parts = slices(start, end);
      const last = parts.pop();
      // without the comma behind the last one
      return [open, ...parts, ...(last ? [last.subarray(0, last.length - 1)] : []), close];
    },
    record(index) {
      const [slice] = index >= 0 && index < count ? slices(index, index + 1) : [];
      return slice?.subarray(0, slice.length - 1);
    },
  };
}
