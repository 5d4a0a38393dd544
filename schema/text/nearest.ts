/** The name that `typed` was probably meant to be: two characters mistyped, or a third of a long one, but not all. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  let best: { name: string; distance: number } | undefined;
  for (const name of names) {
    const distance = editDistance(typed.toLowerCase(), name.toLowerCase());
    if (best === undefined || distance < best.distance) best = { name, distance };
  }
  return best !== undefined && best.distance < typed.length && best.distance <= Math.max(2, typed.length / 3)
    ? best.name
    : undefined;
}

/**
 * How a message about a name that does not exist goes on: `Did you mean 'people'? It has: people, households.` `where` opens the
 * list of the names that exist; of many, the first 20 are shown and the rest counted.
 */
export function meantOrKnown(typed: string, names: readonly string[], where: string): string {
  const meant = nearest(typed, names);
  const more = names.length > shownNames ? ` and ${names.length - shownNames} more` : '';
  const known = names.length === 0 ? 'none' : `${names.slice(0, shownNames).join(', ')}${more}`;
  return `${meant === undefined ? '' : `Did you mean '${meant}'? `}${where}: ${known}.`;
}

const shownNames = 20;

/** Levenshtein's distance: characters added, left out or changed. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, character] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const changed = (row[j] ?? 0) + (character === other ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
