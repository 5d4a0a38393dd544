import { type AddCommand, addCommand, perform } from '../command';

export const addInit: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'init',
    summary: 'write a tidemark.config.ts with an example connector',
    details: [
      'Also a tsconfig.json where there is none, in this folder or above, so that your editor checks the types.',
      "Changes no file that is there. The example needs no account: 'tidemark up' syncs it as it is.",
    ].join('\n'),
    examples: ['init'],
  }).action(
    perform(onEnd, async (shell) => {
      const { init } = await import('../processes/init.js');
      init(shell);
      return undefined;
    }),
  );
};
