import { bytesInPart, type DocumentPart, longestRecord, NotThisDocument, recordsInPart } from './document';

/** What is around the records is held and parsed as a whole. */
const longestAround = 1024 * 1024;
const deepest = 200;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openList = 0x5b;
const closeList = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;
const colon = 0x3a;

interface Frame {
  readonly list: boolean;
  /** the step of a path that leads to the value under way: a key, or a position */
  step: string;
}

/**
 * Splits a JSON document into its records while it comes, in memory that does not grow with it. It looks at strings, brackets and commas
 * only; whoever parses the parts finds what else is wrong. Throws NotThisDocument.
 */
export async function* jsonParts(
  bytes: AsyncIterable<Buffer>,
  path: string,
): AsyncGenerator<DocumentPart, void, undefined> {
  const steps = path === '' ? [] : path.split('.');
  const frames: Frame[] = [];
  /** around the records */
  const around: Buffer[] = [];
  let aroundBytes = 0;
  let inString = false;
  let escaped = false;
  /** the string that may be a key: its bytes so far, and whether it has ended */
  let string: Buffer[] = [];
  let found = false;
  let began = false;
  let ended = false;
  // of the records
  let inRecords = false;
  let depth = 0;
  let pieces: Buffer[] = [];
  let pieceBytes = 0;
  let count = 0;
  let something = false;

  const keep = (piece: Buffer) => {
    if (piece.length === 0) return;
    aroundBytes += piece.length;
    if (aroundBytes > longestAround)
      throw new NotThisDocument(`there are more than ${longestAround} bytes around the records at '${path}'`);
    // a copy: the chunk that it is part of would be held for it
    around.push(Buffer.from(piece));
  };
  const isPlace = () => !found && frames.length === steps.length && frames.every(({ step }, at) => step === steps[at]);
  const closers = () =>
    frames
      .toReversed()
      .map(({ list }) => (list ? ']' : '}'))
      .join('');
  const parsedAround = (close: string): unknown => {
    try {
      return JSON.parse(Buffer.concat(around).toString('utf8') + close);
    } catch {
      throw new NotThisDocument('it is not JSON');
    }
  };
  const part = (): DocumentPart => {
    const text = Buffer.concat([Buffer.from('['), ...pieces, Buffer.from(']')]);
    const made = { kind: 'part', text, count } as const;
    pieces = [];
    pieceBytes = 0;
    count = 0;
    something = false;
    return made;
  };
  const take = (piece: Buffer) => {
    pieces.push(piece);
    pieceBytes += piece.length;
  };

  for await (const chunk of bytes) {
    let from = 0;
    let stringFrom = inString ? 0 : -1;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) {
          inString = false;
          if (!inRecords) string.push(chunk.subarray(stringFrom, at + 1));
        }
        continue;
      }
      if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue;
      if (ended) throw new NotThisDocument('something follows its end');
      if (inRecords) {
        if (byte === closeList && depth === 0) {
          take(chunk.subarray(from, at));
          if (something) {
            count += 1;
            yield part();
          } else if (count > 0) throw new NotThisDocument('its list of records ends with a comma');
          pieces = [];
          inRecords = false;
          from = at;
          if (frames.length === 0) ended = true;
        } else if (byte === comma && depth === 0) {
          count += 1;
          if (count >= recordsInPart || pieceBytes + at - from >= bytesInPart) {
            take(chunk.subarray(from, at));
            yield part();
            from = at + 1;
          }
          something = false;
        } else {
          something = true;
          if (byte === quote) inString = true;
          else if (byte === openList || byte === openObject) {
            depth += 1;
            if (depth > deepest) throw new NotThisDocument(`a record is nested more than ${deepest} levels deep`);
          } else if (byte === closeList || byte === closeObject) depth -= 1;
        }
        continue;
      }
      const frame = frames.at(-1);
      if (byte === quote) {
        if (!frame) throw new NotThisDocument('it is a text, not an object or a list');
        inString = true;
        string = [];
        stringFrom = at;
      } else if (byte === colon && frame && !frame.list) {
        frame.step = keyOf(string);
      } else if (byte === comma) {
        if (frame?.list) frame.step = String(Number(frame.step) + 1);
      } else if (byte === openList && isPlace()) {
        began = true;
        found = true;
        inRecords = true;
        depth = 0;
        something = false;
        keep(chunk.subarray(from, at + 1));
        from = at + 1;
        yield { kind: 'head', body: parsedAround(`]${closers()}`) };
      } else if (byte === openList || byte === openObject) {
        began = true;
        frames.push({ list: byte === openList, step: byte === openList ? '0' : '' });
        if (frames.length > deepest) throw new NotThisDocument(`it is nested more than ${deepest} levels deep`);
      } else if (byte === closeList || byte === closeObject) {
        frames.pop();
        if (frames.length === 0) ended = true;
      } else if (!frame) throw new NotThisDocument('it is not an object or a list of JSON');
    }
    const last = chunk.subarray(from);
    if (!inRecords) {
      keep(last);
      if (inString) string.push(Buffer.from(chunk.subarray(Math.max(stringFrom, 0))));
    } else if (last.length > 0) {
      take(last);
      if (pieceBytes > longestRecord) throw new NotThisDocument(`a record is longer than ${longestRecord} bytes`);
    }
  }
  if (!began) throw new NotThisDocument('it is empty', true);
  if (!ended) throw new NotThisDocument('its JSON is cut short', true);
  const body = parsedAround('');
  if (!found) throw new NotThisDocument(`there is no list at '${path}'`);
  yield { kind: 'end', body, proved: true };
}

function keyOf(string: readonly Buffer[]): string {
  try {
    return String(JSON.parse(Buffer.concat(string).toString('utf8')));
  } catch {
    throw new NotThisDocument('it is not JSON');
  }
}
