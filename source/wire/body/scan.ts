import { bounds, OutOfBounds } from './bounds';
import { marks, type RecordPlace, SpanList, type Spans } from './spans';

export interface Scanned {
  /** whether the body ends outside of strings, with every bracket closed */
  readonly whole: boolean;
  /** undefined where the place is missing or, for a listing, is no list */
  readonly spans: Spans | undefined;
  /** of what is around the records */
  readonly marks: number;
  /** values around the records; all of them where there are no records */
  readonly around: number;
}

const quote = 0x22;
const backslash = 0x5c;
/** the shortest literal that a double may not hold */
const longNumber = 16;
/** no offset, no depth */
const absent = -1;

/**
 * One pass over a body's bytes, which are UTF-8: it skips strings and counts brackets, so it takes time in proportion to the
 * bytes and no memory but the places of the records. It checks no grammar; parsing does. `run` can be called in slices.
 */
export class Scan {
  private readonly bytes: Uint8Array;
  private readonly steps: readonly string[];
  private readonly list: boolean;
  private at = 0;
  private depth = 0;
  private values = 0;
  private containers = 0;
  private cut = false;
  /** brackets close what they did not open: no spans, so that the body is parsed as a whole and refused with the place */
  private malformed = false;
  /** open containers that lie on the path, outermost first; the next step is looked for in the innermost */
  private onPath = 0;
  /** the value that comes next is the one that the path's next step names */
  private isStep: boolean;
  /** of each open container on the path: whether it is an object, and how many commas came in it */
  private readonly objects: boolean[] = [];
  private readonly elements: number[] = [];
  /** in an object on the path: the next text is a key */
  private isKey = false;
  /** depth inside the place's list; absent while outside */
  private inside = absent;
  private from = absent;
  private to = absent;
  private listed = false;
  private readonly records = new SpanList();
  private recordFrom = absent;
  private recordMarks = 0;
  private valuesBefore = 0;
  private recordsValues = 0;
  private aroundMarks = 0;

  constructor(bytes: Uint8Array, place: RecordPlace) {
    this.bytes = bytes;
    this.steps = place.path === '' ? [] : place.path.split('.');
    this.list = place.list;
    this.isStep = true;
  }

  /** Scans up to about offset `until`. Returns whether the end has been reached. Throws OutOfBounds. */
  run(until: number): boolean {
    const { bytes } = this;
    const end = Math.min(until, bytes.length);
    while (this.at < end) {
      const byte = bytes[this.at] as number;
      switch (byte) {
        case 0x20:
        case 0x0a:
        case 0x0d:
        case 0x09:
          this.at += 1;
          break;
        case 0x3a: // a colon: between records, where it is in none of their texts, it would go unseen
          if (this.inside === this.depth && this.list) this.malformed = true;
          this.at += 1;
          break;
        case quote:
          this.string();
          break;
        case 0x7b:
        case 0x5b:
          this.open(byte === 0x7b);
          break;
        case 0x7d:
        case 0x5d:
          this.close(byte === 0x5d);
          break;
        case 0x2c:
          this.comma();
          break;
        default:
          this.scalar(byte);
      }
    }
    return this.at >= bytes.length;
  }

  result(): Scanned {
    const found = !this.malformed && this.from !== absent && this.to !== absent && this.depth === 0;
    return {
      whole: !this.cut && this.depth <= 0,
      marks: this.aroundMarks,
      around: this.values - (found ? this.recordsValues : 0),
      spans: found && (this.listed || !this.list) ? this.records.spans(this.from, this.to) : undefined,
    };
  }

  /** A value begins here: is it the one at the end of the path, or a record of the list there? */
  private begin(container: 'object' | 'list' | undefined): void {
    this.values += 1;
    if (this.values > bounds.values) {
      throw new OutOfBounds(`more than ${bounds.values} values in one response, which is the limit`);
    }
    if (this.inside === this.depth) {
      if (this.recordFrom === absent) this.beginRecord();
      return;
    }
    if (!this.isStep) return;
    this.isStep = false;
    // of a key that comes twice the last counts, as in JSON.parse
    this.from = absent;
    this.to = absent;
    this.listed = false;
    this.records.clear();
    this.recordsValues = 0;
    if (this.onPath === this.steps.length) {
      this.from = this.at;
      if (!this.list) {
        this.beginRecord();
        this.inside = this.depth;
      } else if (container === 'list') {
        this.listed = true;
        this.inside = this.depth + 1;
      }
    } else if (container !== undefined) {
      this.onPath += 1;
      this.objects.push(container === 'object');
      this.elements.push(0);
      if (container === 'object') this.isKey = true;
      else this.isStep = this.steps[this.onPath - 1] === '0';
    }
  }

  private beginRecord(): void {
    this.recordFrom = this.at;
    this.valuesBefore = this.values;
  }

  private open(object: boolean): void {
    this.begin(object ? 'object' : 'list');
    this.containers += 1;
    if (this.containers > bounds.containers) {
      throw new OutOfBounds(`more than ${bounds.containers} objects and lists in one response, which is the limit`);
    }
    this.depth += 1;
    this.at += 1;
    const depth = this.inside === absent ? this.depth : this.depth - this.inside;
    if (depth <= bounds.depth) return;
    if (this.inside === absent) {
      throw new OutOfBounds(`objects and lists nested more than ${bounds.depth} levels deep around the records`);
    }
    this.recordMarks |= marks.deep;
  }

  private close(list: boolean): void {
    if (this.list && this.inside === this.depth) {
      if (!list) this.malformed = true;
      this.leave(this.at + 1);
    }
    this.depth -= 1;
    this.at += 1;
    if (this.depth < 0) this.malformed = true;
    while (this.onPath > Math.max(0, this.depth)) {
      this.onPath -= 1;
      this.objects.pop();
      this.elements.pop();
    }
    if (!this.list && this.inside === this.depth) this.leave(this.at);
  }

  private comma(): void {
    this.at += 1;
    if (this.inside !== absent) {
      if (this.list && this.inside === this.depth) this.endRecord(this.at - 1);
    } else if (this.onPath === this.depth && this.onPath > 0) {
      const innermost = this.onPath - 1;
      if (this.objects[innermost]) this.isKey = true;
      else {
        const element = (this.elements[innermost] ?? 0) + 1;
        this.elements[innermost] = element;
        this.isStep = this.steps[innermost] === String(element);
      }
    }
  }

  /** The place's value ends before `to`. */
  private leave(to: number): void {
    // `[1,]` ends with an empty text, which will not parse
    if (!this.list || this.recordFrom !== absent || this.records.count > 0) this.endRecord(this.at);
    this.to = to;
    this.inside = absent;
  }

  private endRecord(to: number): void {
    // `[1,,2]`: an empty text, which will not parse
    const from = this.recordFrom === absent ? to : this.recordFrom;
    const values = this.recordFrom === absent ? 0 : this.values - this.valuesBefore;
    this.recordsValues += values;
    const large = to - from > bounds.recordBytes || values > bounds.recordValues;
    this.records.add(from, to, large ? this.recordMarks | marks.large : this.recordMarks);
    this.recordFrom = absent;
    this.recordMarks = 0;
  }

  private mark(mark: number): void {
    if (this.inside === absent) this.aroundMarks |= mark;
    else this.recordMarks |= mark;
  }

  private string(): void {
    const { bytes, at: from } = this;
    const isKey = this.isKey && this.onPath === this.depth && this.inside === absent;
    this.isKey = this.isKey && !isKey;
    if (!isKey) this.begin(undefined);
    const { length } = bytes;
    let at = from + 1;
    let escaped = false;
    for (; at < length; at += 1) {
      const byte = bytes[at];
      if (byte === quote) break;
      if (byte !== backslash) continue;
      escaped = true;
      at += 1;
      if (bytes[at] === 0x75) this.unicode(at + 1);
    }
    if (at >= length) {
      this.cut = true;
      this.at = length;
      return;
    }
    this.at = at + 1;
    if (isKey) this.isStep = this.isNextStep(from, at + 1, escaped);
    else this.scalarEnds();
  }

  private isNextStep(from: number, to: number, escaped: boolean): boolean {
    const step = this.steps[this.onPath - 1] ?? '';
    // each character of a key takes at least one byte and, escaped, at most six
    if (to - from - 2 < step.length || to - from - 2 > step.length * 6) return false;
    const text = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + from, to - from).toString();
    if (!escaped) return text.slice(1, -1) === step;
    try {
      return JSON.parse(text) === step;
    } catch {
      return false;
    }
  }

  /** `\u0000`, and `\ud800` to `\udfff`, which may come in pairs. */
  private unicode(at: number): void {
    const { bytes } = this;
    const first = bytes[at];
    if (first === 0x30) {
      if (bytes[at + 1] === 0x30 && bytes[at + 2] === 0x30 && bytes[at + 3] === 0x30) this.mark(marks.escape);
    } else if (first === 0x64 || first === 0x44) {
      const second = bytes[at + 1] ?? 0;
      if (second >= 0x38 && (second <= 0x39 || ((second | 0x20) >= 0x61 && (second | 0x20) <= 0x66)))
        this.mark(marks.escape);
    }
  }

  private scalar(first: number): void {
    this.begin(undefined);
    const { bytes } = this;
    const { length } = bytes;
    const from = this.at;
    let at = from + 1;
    let exponent = false;
    for (; at < length; at += 1) {
      const byte = bytes[at] as number;
      if (byte === 0x2c || byte === 0x7d || byte === 0x5d || byte <= 0x20 || byte === quote) break;
      if ((byte | 0x20) === 0x65) exponent = true;
      // nothing that opens may be skipped, or the brackets would not add up
      if (byte === 0x7b || byte === 0x5b) break;
    }
    const isNumber = first === 0x2d || (first >= 0x30 && first <= 0x39);
    if (isNumber && (exponent || at - from >= longNumber)) this.mark(marks.number);
    this.at = at;
    this.scalarEnds();
  }

  private scalarEnds(): void {
    if (!this.list && this.inside === this.depth) this.leave(this.at);
  }
}
