import type { z } from 'zod';
import type { ResumePoint } from '../../schema/definition/listings/listing';
import type { Paging } from '../../schema/definition/listings/paging';
import type { ListReader } from './scheme';

/** Checks a resume point that comes back from the database; null stays null. Throws Usage when it is not of this scheme. */
export function resumed<S extends z.ZodType<ResumePoint>>(
  reader: ListReader<Paging>,
  schema: S,
  point: ResumePoint | null,
): z.infer<S> | null {
  if (point === null) return null;
  const parsed = schema.safeParse(point);
  if (parsed.success) return parsed.data;
  const detail = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw reader.unusable(point, detail);
}
