/** A record's JSON as the source wrote it, digit for digit: what `raw` keeps, without a way through JavaScript's numbers. */
export class SourceText {
  readonly text: string;
  /** whether it may hold escapes that PostgreSQL cannot keep */
  private readonly escapes: boolean;

  constructor(text: string, escapes = true) {
    this.text = text;
    this.escapes = escapes;
  }

  /** The text for a jsonb column: escapes of U+0000 and of halves of surrogate pairs are replaced by U+FFFD. */
  get storable(): string {
    return this.escapes ? storableEscapes(this.text) : this.text;
  }
}

const escapeForm = /\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|.)/gs;

/** JSON in which escapes that PostgreSQL cannot keep are replaced. */
function storableEscapes(json: string): string {
  return json.replace(escapeForm, (whole: string, first: string | undefined, second: string | undefined) => {
    if (first === undefined) return whole;
    const unit = Number.parseInt(first, 16);
    const isHigh = unit >= 0xd800 && unit <= 0xdbff;
    if (isHigh && second !== undefined) return whole;
    const isLost = unit === 0 || (unit >= 0xd800 && unit <= 0xdfff);
    if (second === undefined) return isLost ? '\\ufffd' : whole;
    // the second half had no first before it
    return `${isLost ? '\\ufffd' : `\\u${first}`}\\ufffd`;
  });
}
