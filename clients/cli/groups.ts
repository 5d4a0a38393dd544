import type { CommandText } from './command';

/** The commands that only hold others, such as `cursor` of `cursor show`. */
export const groups: Readonly<Record<string, Omit<CommandText, 'usage'>>> = {
  cursor: {
    summary: 'show the cursor of an entity, or move it',
    examples: ['cursor show demo people', 'cursor reset demo people --reason "the mapping lost a column"'],
  },
  rows: {
    summary: 'count rows per hour, find duplicates, orphans and walks through the whole list',
    examples: [
      'rows hours demo people',
      'rows walks demo people --since 30m',
      'rows duplicates demo people --columns last_name',
    ],
  },
  imports: {
    summary: 'list the lines of an import that could not be imported',
    examples: ['imports errors 12', 'imports errors 12 --json'],
  },
  'set-aside': {
    summary: 'list, show, retry or discard records that could not or should not be written',
    details: 'A record that any later run can write is cleared by itself.',
    examples: ['set-aside list demo people', 'set-aside retry 12', 'set-aside discard 12 --reason "a test record"'],
  },
  webhooks: {
    summary: 'list stored webhook events, or process them again',
    examples: [
      'webhooks list demo --state parked',
      'webhooks replay demo --state parked --reason "the source works again"',
    ],
  },
  schedules: {
    summary: 'list, pause, resume and repair schedules',
    details: "A connection says how often they fire: 'tidemark connect --update --delta 5m'.",
    examples: [
      'schedules list',
      'schedules pause demo people --reason "they migrate this weekend"',
      'schedules repair',
    ],
  },
};
