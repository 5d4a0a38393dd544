/** The document is not what the definition says, or is damaged; `message` quotes nothing of it. `cut`: it ends too early. */
export class NotThisDocument extends Error {
  readonly cut: boolean;

  constructor(problem: string, cut = false) {
    super(problem);
    this.cut = cut;
  }
}

/**
 * What a document shows, in its order: its head before the first record, its records in parts, its end once that was seen. `body`: what
 * is around the records, as far as it has come; of headers in a first line: `{ headers }`. `text`: a JSON list of `count` records. Where a
 * part ends depends on the document alone, never on how its bytes came.
 */
export type DocumentPart =
  | { readonly kind: 'head'; readonly body: unknown }
  | { readonly kind: 'part'; readonly text: Buffer; readonly count: number }
  /** `proved`: the format itself shows that the document has ended */
  | { readonly kind: 'end'; readonly body: unknown; readonly proved: boolean };

/** Records of a part at most … */
export const recordsInPart = 1_000;
/** … or fewer, where they are this long together. */
export const bytesInPart = 1_000_000;
/** A single record that is longer is refused: it would have to be held as a whole. */
export const longestRecord = 32 * 1024 * 1024;
