import { Kind, type TUnsafe, Type, TypeRegistry } from '@sinclair/typebox'

type Values = { enum: readonly string[] }

// TypeBox has no such kind; without this its checks would refuse the schema.
TypeRegistry.Set<Values>('StringEnum', (schema, value) =>
  schema.enum.some((allowed) => allowed === value),
)

/** A closed set of strings as one `{ type: 'string', enum }`, which OpenAPI tools read better than a union of constants. */
export function StringEnum<const T extends readonly string[]>(
  values: T,
  options: { description?: string; default?: T[number]; examples?: T[number][] } = {},
): TUnsafe<T[number]> {
  return Type.Unsafe<T[number]>({ ...options, [Kind]: 'StringEnum', type: 'string', enum: values })
}
