import type { Client } from '@temporalio/client';
import { choosePort, isFree } from '../../../../local/ports';
import { readStack, type Stack } from '../../../../local/stack';
import { TidemarkError } from '../../../../schema/errors';
import { defaultPort } from '../../../../schema/settings/settings';
import { taskQueue } from '../../../../schema/workflows';

/** The API's port: the wanted one, which must be free; else that of the last time, the usual one, or any free one. */
export async function choosePorts({ folder }: Stack, wanted: number | undefined): Promise<number> {
  if (wanted === undefined || wanted === 0) {
    const last = readStack(folder)?.addresses.api;
    return choosePort(...(last === undefined ? [] : [Number(new URL(last).port)]), defaultPort);
  }
  if (await isFree(wanted)) return wanted;
  throw new TidemarkError('Usage', `PORT ${wanted} is taken: end the program that listens on it, or choose another`);
}

/** Throws until a worker that started after the given instant polls. */
export async function workerAnswers(client: Client, since: number): Promise<void> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: 1,
  });
  const fresh = pollers?.some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 + 1000 >= since);
  if (!fresh) throw new Error('no worker asks for work yet');
}

/** Throws until something answers with success. */
export async function answersHttp(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
}
