import type { CommandText } from './command';

/** The commands that only hold others, such as `cursor` of `cursor show`. */
export const groups: Readonly<Record<string, Omit<CommandText, 'usage'>>> = {
  cursor: {
    summary: 'show the cursor of an entity, or move it',
    examples: ['cursor show demo people', 'cursor reset demo people --reason "the mapping lost a column"'],
  },
};
