import type { Headers, WorkflowInterceptorsFactory } from '@temporalio/workflow';

/**
 * Hands the trace that a workflow was started or signalled with on to its activities and children. A workflow is no step of a trace
 * itself: it is replayed, and what it does is in its activities.
 */
export const interceptors: WorkflowInterceptorsFactory = () => {
  let trace: Headers = {};
  const remember = (headers: Headers) => {
    const data = headers['_tracer-data'];
    if (data !== undefined) trace = { '_tracer-data': data };
  };
  const traced = <Input extends { headers: Headers }>(input: Input): Input => ({
    ...input,
    headers: { ...trace, ...input.headers },
  });
  return {
    inbound: [
      {
        execute(input, next) {
          remember(input.headers);
          return next(input);
        },
        handleSignal(input, next) {
          remember(input.headers);
          return next(input);
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(traced(input)),
        scheduleLocalActivity: (input, next) => next(traced(input)),
        startChildWorkflowExecution: (input, next) => next(traced(input)),
      },
    ],
  };
};
