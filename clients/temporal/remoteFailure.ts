import { type ErrorType, errorTypes } from '../../schema/errors';

/**
 * The failure that a workflow ended with: Temporal wraps it (workflow, activity, application), and what we raised on
 * purpose carries its type. Undefined where nothing in it is ours.
 */
export function remoteFailure(error: unknown): { readonly type: ErrorType; readonly message: string } | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth++) {
    const type = 'type' in at ? at.type : undefined;
    if (typeof type === 'string' && Object.hasOwn(errorTypes, type)) {
      return { type: type as ErrorType, message: at.message };
    }
  }
  return undefined;
}
