/** What sources call the mark of a deleted record. */
const deletion = /delet|remov|destroy|tombstone|purge|trash/i;
/** A record that is left with an id, a version, a type and a mark. */
const fewFields = 4;
/** With fewer columns, all of them may well be empty in a record that is alive. */
const manyColumns = 3;

/**
 * Why a record is doubted that would make a row without content: it holds almost nothing, as a tombstone does that the definition
 * does not name. Undefined where it is not doubted.
 */
export function emptied(raw: object, row: Readonly<Record<string, unknown>>): string | undefined {
  if (hasManyLeaves(raw)) return undefined;
  const fields = leavesOf(raw);
  const mark = fields.find(([name, value]) => deletion.test(name) && isSet(value))?.[0];
  const values = Object.values(row);
  const blank =
    mark === undefined ? values.every((value) => value === null || value === undefined) : !values.some(isSet);
  if (!blank || (mark === undefined && values.length < manyColumns)) return undefined;
  const names = fields.map(([name]) => name).join(', ');
  return `it holds only ${names}, which leaves every column empty: if that is how the source marks a deleted record, say so in gone.record`;
}

function isSet(value: unknown): boolean {
  return value !== null && value !== undefined && value !== '' && value !== false && value !== 0;
}

/** Whether `leavesOf` would return more than `fewFields`. Almost every record has more, so this allocates nothing. */
function hasManyLeaves(raw: object): boolean {
  let leaves = 0;
  for (const name in raw) {
    const value = (raw as Record<string, unknown>)[name];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) leaves += 1;
    else for (const _inner in value) leaves += 1;
    if (leaves > fewFields) return true;
  }
  return false;
}

/** Names and values of the fields that hold no objects, one level into nested ones. */
function leavesOf(raw: object): [string, unknown][] {
  const leaves: [string, unknown][] = [];
  for (const [name, value] of Object.entries(raw)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) leaves.push([name, value]);
    else leaves.push(...Object.entries(value));
  }
  return leaves;
}
