import { type TUnsafe, Type } from '@sinclair/typebox'

/** A closed set of strings as one `{ type: 'string', enum }`, which OpenAPI tools read better than a union of constants. */
export function StringEnum<const T extends readonly string[]>(
  values: T,
  options: { description?: string; default?: T[number] } = {},
): TUnsafe<T[number]> {
  return Type.Unsafe<T[number]>({ ...options, type: 'string', enum: values })
}
