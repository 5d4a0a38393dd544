import { z } from 'zod';

/**
 * How values of two tables are compared, where one person or thing is written in different spellings. `exact`: as they are, without spaces
 * around them; `folded`: without regard to case and to spaces; `lastDigits`: by the last digits, such as of a phone number, and text with
 * fewer digits equals nothing. Empty text equals nothing.
 * @example
 * { lastDigits: 10 }
 */
export const comparedAs = z
  .union([
    z.literal('exact'),
    z.literal('folded'),
    z.strictObject({
      /** How many digits are compared. `+91 98765-43210` and `09876543210` have the same last 10. */
      lastDigits: z.int().min(1).max(30),
    }),
  ])
  .default('exact');
export type ComparedAs = z.infer<typeof comparedAs>;
