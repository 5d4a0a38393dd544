import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { runProgram } from '../program';

Runtime.install({ logger: new DefaultLogger('ERROR') });

export interface BareInput {
  readonly temporalAddress: string;
  readonly taskQueue: string;
}

/** A worker for workflows of one activity that does nothing: what Temporal itself costs. */
runProgram<BareInput>(async ({ temporalAddress, taskQueue }) => {
  const connection = await NativeConnection.connect({ address: temporalAddress });
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowsPath: require.resolve('./workflow'),
    activities: { nothing: async () => undefined },
    maxConcurrentActivityTaskExecutions: 50,
  });
  const running = worker.run();
  return {
    ready: {},
    async stop() {
      worker.shutdown();
      await running;
      await connection.close();
    },
  };
});
