/** A body that contradicts the listing's definition; `message` says how. */
export class NotThisList extends Error {}
