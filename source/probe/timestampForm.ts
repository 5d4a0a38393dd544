import type { Since } from '../../schema/definition/listings/since';

/** How one timestamp is written. */
export interface TimestampForm {
  /** what `since.form` would be called; undefined for forms that no cursor can take */
  readonly form: Since['form'] | undefined;
  /** in words: `2026-11-21T09:20:37Z, whole seconds` */
  readonly words: string;
}

const forms: readonly (readonly [RegExp, TimestampForm])[] = [
  [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, { form: 'iso-seconds', words: 'ISO, whole seconds, UTC' }],
  [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, { form: 'iso-milliseconds', words: 'ISO, milliseconds, UTC' }],
  [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, { form: 'iso-microseconds', words: 'ISO, microseconds, UTC' }],
  [/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/, { form: 'space-seconds', words: 'whole seconds, UTC, a space for the T' }],
  [
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z$/,
    { form: 'space-milliseconds', words: 'milliseconds, UTC, a space for the T' },
  ],
  [
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}Z$/,
    { form: 'space-microseconds', words: 'microseconds, UTC, a space for the T' },
  ],
  [/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*Z$/i, { form: undefined, words: 'UTC' }],
  [/^\d{4}-\d\d-\d\d$/, { form: 'date', words: 'a date without a time' }],
  [/^\d{10}$/, { form: 'epoch-seconds', words: 'seconds since 1970' }],
  [/^\d{13}$/, { form: 'epoch-milliseconds', words: 'milliseconds since 1970' }],
  [/^\d{4}-\d\d-\d\d[T ].*[+-]\d\d:?\d\d$/, { form: undefined, words: 'ISO with an offset from UTC' }],
  [
    /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/,
    { form: undefined, words: 'a time without a zone, which could be any of several instants' },
  ],
];

export function timestampForm(value: unknown): TimestampForm {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  return forms.find(([pattern]) => pattern.test(text))?.[1] ?? { form: undefined, words: 'in an unknown form' };
}
