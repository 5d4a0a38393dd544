import { z } from 'zod';

/**
 * The name of one of the connection's secrets, as declared in the connector's `secrets`; never the secret itself.
 * Every field of a definition that names a secret has this type: `defineConnector` checks that the secret is declared, and
 * an auth scheme can read no secret by a field of another type.
 */
export const secretName = z.string().min(1).brand<'secret'>();
export type SecretName = z.infer<typeof secretName>;

/** A field of a definition that names a secret: its path and the secret's name. */
export type NamedSecret = readonly [path: string, name: string];

/** Every secret that a checked part of a definition names, by its schema. */
export function namedSecrets(schema: z.ZodType, value: unknown, path: string): NamedSecret[] {
  if (value === undefined) return [];
  if (schema === secretName) return [[path, String(value)]];
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return namedSecrets(schema.unwrap() as z.ZodType, value, path);
  }
  if (schema instanceof z.ZodUnion) {
    const chosen = schema.options.find((option) => (option as z.ZodType).safeParse(value).success);
    return chosen === undefined ? [] : namedSecrets(chosen as z.ZodType, value, path);
  }
  if (schema instanceof z.ZodRecord) {
    return Object.entries(value as Record<string, unknown>).flatMap(([name, item]) =>
      namedSecrets(schema.valueType as z.ZodType, item, `${path}.${name}`),
    );
  }
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([name, field]) =>
    namedSecrets(field as z.ZodType, (value as Record<string, unknown>)[name], `${path}.${name}`),
  );
}
