import { argument, field, optional, withDefault } from './fields';

/** `<connection> <entity>`: one entity of one connection. */
export const entityOf = {
  connection: argument(field.name('the name of a connection')),
  entity: argument(field.name('the name of an entity of it')),
};

/** `[connection] [entity]`: narrows a list down. */
export const filter = {
  connection: optional(argument(field.name('only of this connection'))),
  entity: optional(argument(field.name('only of this entity'))),
};

/** `<connection> <entity> <id>`: one record. */
export const recordOf = { ...entityOf, id: argument(field.recordId("the record's id at the source")) };

/** Longest that a request can wait for the source, in seconds; clients and proxies give up at a minute. */
const mostWaitSeconds = 45;

/** `--wait <seconds>`: how long to wait for what the source says. */
export const waitForSource = withDefault(
  field.integer('wait this long for the source', { min: 1, max: mostWaitSeconds }, 'seconds'),
  20,
);
