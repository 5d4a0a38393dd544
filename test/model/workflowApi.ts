import type { Flow } from './attempt';
import { current } from './attempt';

function here(): Flow {
  const store = current.getStore();
  if (!store) throw new Error('no workflow is running here');
  return store.flow;
}

const proxy = (local: boolean) => () =>
  new Proxy(
    {},
    {
      get: (_target, name) => (input: unknown) => here().flows.execute(here(), String(name), input, local),
    },
  );

/** What workflows import of Temporal, in this process. */
export const workflowApi = {
  proxyActivities: proxy(false),
  proxyLocalActivities: proxy(true),
  sleep: (duration: string | number) => here().flows.sleep(here(), duration),
  condition: async (holds: () => boolean, timeout: string | number) => {
    // a signal would be about an event that the inbox holds: the history starts a workflow for it instead
    if (timeout !== '50ms') await here().flows.sleep(here(), timeout);
    return holds();
  },
  defineSignal: (name: string) => ({ name }),
  defineQuery: (name: string) => ({ name }),
  setHandler: () => undefined,
  workflowInfo: () => ({ workflowId: here().name, runId: here().runId, memo: {} }),
  executeChild: (workflow: (...args: unknown[]) => Promise<unknown>, { args }: { args: unknown[] }) =>
    workflow(...args),
  startChild: async (
    workflow: (input: unknown) => Promise<unknown>,
    { workflowId, args: [input] }: { workflowId: string; args: readonly [unknown] },
  ) => {
    const { flows } = here();
    return flows.startAbandoned(workflow, workflowId, input);
  },
  CancellationScope: { nonCancellable: (work: () => Promise<unknown>) => work() },
};
