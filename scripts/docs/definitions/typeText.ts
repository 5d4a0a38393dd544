import { z } from 'zod';
import { secretName } from '../../../schema/definition/auth/secretName';
import { duration } from '../../../schema/duration';

/** A field's schema without what makes it optional, and its default as code. */
export function unwrapped(schema: z.ZodType): {
  readonly inner: z.ZodType;
  readonly optional: boolean;
  readonly fallback: string | undefined;
} {
  if (schema instanceof z.ZodOptional) return { ...unwrapped(schema.unwrap() as z.ZodType), optional: true };
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return { inner: schema.unwrap() as z.ZodType, optional: true, fallback: code(schema.def.defaultValue) };
  }
  return { inner: schema, optional: false, fallback: undefined };
}

/** A value as it is written in a definition. */
export function code(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll(/"(\w+)":/g, '$1: ')
    .replaceAll('"', "'")
    .replaceAll(',', ', ')
    .replace(/^\{(.+)\}$/, '{ $1 }');
}

/** The type of a field in an author's words; undefined where zod cannot tell, such as for a function. */
export function typeText(schema: z.ZodType): string | undefined {
  if (schema === secretName) return 'name of a secret';
  if (schema === duration || schema._zod.parent === duration) return 'duration';
  if (schema instanceof z.ZodEnum) return schema.options.map((option) => `\`${code(option)}\``).join(', ');
  if (schema instanceof z.ZodLiteral) return [...schema.values].map((value) => `\`${code(value)}\``).join(', ');
  if (schema instanceof z.ZodBoolean) return 'boolean';
  if (schema instanceof z.ZodNull) return '`null`';
  if (schema instanceof z.ZodLazy) return 'JSON';
  if (schema instanceof z.ZodString) return 'text';
  if (schema instanceof z.ZodNumber) return numberText(schema);
  if (schema instanceof z.ZodArray) {
    const element = typeText(schema.element as z.ZodType);
    return element === undefined ? undefined : `list of ${element}`;
  }
  if (schema instanceof z.ZodRecord) return `object of ${typeText(schema.valueType as z.ZodType) ?? 'values'}`;
  if (schema instanceof z.ZodUnion) {
    const each = schema.options.map((option) => typeText(option as z.ZodType));
    return each.some((one) => one === undefined) ? undefined : [...new Set(each)].join(' or ');
  }
  if (schema instanceof z.ZodObject) {
    const fields = Object.entries(schema.shape).map(
      ([name, field]) => `${name}: ${typeText(unwrapped(field as z.ZodType).inner) ?? '…'}`,
    );
    return `\`{ ${fields.join(', ').replaceAll('`', '')} }\``;
  }
  return undefined;
}

function numberText(schema: z.ZodNumber): string {
  const { minimum, maximum } = { minimum: schema.minValue ?? -Infinity, maximum: schema.maxValue ?? Infinity };
  const kind = schema.format?.includes('int') ? 'integer' : 'number';
  const limited = (value: number) => Number.isFinite(value) && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  if (limited(minimum) && limited(maximum)) return `${kind} from ${minimum} to ${maximum}`;
  return limited(minimum) ? `${kind}, at least ${minimum}` : kind;
}
