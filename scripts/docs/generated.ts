/** A document, or a part of one, that is made from the code. */
export interface Generated {
  /** the file, from the root of the repository */
  readonly file: string;
  /** The whole new text of the file, given the present one (empty where there is no file). */
  readonly render: (present: string) => string;
}
