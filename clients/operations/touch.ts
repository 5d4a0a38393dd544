import { field, withDefault } from './definition/fields';
import { operation } from './definition/operation';
import { started } from './definition/schemas';
import { recordOf } from './definition/targetFields';

export const touch = operation({
  name: 'touch',
  effect: 'start',
  decision: true,
  summary: 'make a harmless change of one record at the source, such as a note, so that the next delta must bring it',
  details:
    'The definition of the entity says what is sent (`touch`). The request is sent once at most: it is stored before it is sent, and is ' +
    'repeated only after a 401 or a 429, which prove that the source did nothing. After a timeout or a 5xx, the outcome is unknown: look at the source.',
  examples: ['demo people 10000001 --text "a test of the sync" --reason "does a change arrive?"'],
  input: {
    ...recordOf,
    text: withDefault(
      field.text('what it says at the source', { value: 'text', longest: 1_000 }),
      'A test of Tidemark',
    ),
  },
  result: (z) => z.object({ touch: z.string().describe('its number in tidemark.touches'), ...started(z) }),
  run: () => import('./work/touch.js').then(({ startTouch }) => startTouch),
});
