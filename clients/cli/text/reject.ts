import type { reject } from '../../operations/plans';
import { plural } from '../terminal/phrases';
import { view } from '../view';

export const views = {
  reject: view<typeof reject>({
    text: ({ id, connectionId, entity, gone, unlisted }) =>
      `Plan ${id} of ${connectionId}/${entity} rejected: ${plural(gone + unlisted, 'row')} stay.`,
  }),
};
