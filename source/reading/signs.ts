const day = 24 * 60 * 60 * 1000;

/** Until when a listing's sign for "go on" counts as seen, by connection, entity, listing and sign; for the life of the process. */
const seenUntil = new Map<string, number>();

/** See ListReader.sign. A process remembers for a day that a listing looks for its sign in the right place. */
export function signOf(key: string): { readonly seen: boolean; note(): void } {
  return {
    get seen() {
      return (seenUntil.get(key) ?? 0) > performance.now();
    },
    note: () => {
      seenUntil.set(key, performance.now() + day);
    },
  };
}
