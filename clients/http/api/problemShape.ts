import { z } from 'zod';

/** Every error of the API. https://www.rfc-editor.org/rfc/rfc9457 */
export const problemShape = z.strictObject({
  status: z.int(),
  type: z.string().describe('stable, for machines: `urn:tidemark:<type>`'),
  title: z.string(),
  detail: z.string().describe('what happened and what to do'),
  mistakes: z.array(z.string()).optional().describe('what is wrong with the request, one line each'),
  instance: z.string().describe("the request's id, under which the log has more; also in the header x-request-id"),
});
