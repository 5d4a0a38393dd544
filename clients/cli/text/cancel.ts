import type { cancel } from '../../operations/waits';
import { view } from '../view';

export const views = {
  cancel: view<typeof cancel>({
    text: ({ runId, connectionId, entity, strategy }) =>
      `Run ${runId}, a ${strategy} of ${connectionId}/${entity}, is cancelled. What it wrote stays.\nNext: tidemark runs show ${runId}`,
  }),
};
