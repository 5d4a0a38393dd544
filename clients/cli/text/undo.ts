import type { undo } from '../../operations/runs';
import { plural } from '../terminal/phrases';
import { view } from '../view';

export const views = {
  undo: view<typeof undo>({
    text: ({ runId, restored, changedSince }) => {
      const since = changedSince > 0 ? `; ${plural(changedSince, 'row')} written since stay as they are` : '';
      return `Run ${runId} undone: ${plural(restored, 'row')} live again${since}.`;
    },
  }),
};
