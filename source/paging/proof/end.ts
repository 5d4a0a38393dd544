/**
 * What proved that a list had ended: the source's own total; its sign for "go on" (a flag, a link, a token), which was not there; an
 * empty or short page; a refused page behind the last; one answer that holds everything; or nothing but the absence of that sign.
 */
export type EndProof = 'total' | 'sign' | 'empty-page' | 'short-page' | 'refused-page' | 'one-answer' | 'absence';

/** How a list ended. */
export interface ListEnd {
  readonly provedBy: EndProof;
  /**
   * False where no page was ever seen to say that there is more: a definition that looks for the sign in the wrong place
   * would see the same. What was read is true; that nothing else exists is not proved.
   */
  readonly certain: boolean;
}

export const ended = (provedBy: EndProof): ListEnd => ({ provedBy, certain: provedBy !== 'absence' });
