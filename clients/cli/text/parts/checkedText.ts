import type { connectionsCheck } from '../../../operations/connections';
import type { ResultOf } from '../../../operations/definition/operation';
import { plural } from '../../terminal/phrases';
import type { Colours } from '../../terminal/shell';

type Checked = ResultOf<typeof connectionsCheck>;

/** What the credentials of a connection may read: a line for each entity, and what to do next. */
export function checkedText(colours: Colours, checked: Checked): string {
  const { auth, connectionId, entities } = checked;
  if (entities.length === 0)
    return `Its entities are fed by files, and no source is asked for them.\nNext: tidemark import ${connectionId} <entity> <file>`;
  const width = Math.max(0, ...entities.map(({ entity }) => entity.length));
  const lines = entities.map((one) => `  ${one.entity.padEnd(width)}  ${sentence(colours, one)}`);
  return [`What the credentials may read (${auth}):`, ...lines, next(checked)].join('\n');
}

function sentence({ green, red, yellow }: Colours, { says, records, more, detail }: Checked['entities'][number]) {
  if (says === 'read') {
    const count = plural(records ?? 0, 'record');
    return green(more ? `${count} on the first page; the list goes on` : `${count} in the whole list`);
  }
  if (says === 'later') return `not read yet: ${detail}`;
  return says === 'no-answer' ? yellow(detail) : red(detail);
}

function next({ connectionId, connector, ok, entities }: Checked): string {
  if (ok) return `Next: tidemark sync ${connectionId}`;
  const silent = entities.some(({ says }) => says === 'no-answer');
  return silent
    ? `Next: start a worker ('tidemark up', 'tidemark worker'), then tidemark connections check ${connectionId}`
    : `Next: tidemark connect ${connector} ${connectionId} --update, then tidemark connections check ${connectionId}`;
}
