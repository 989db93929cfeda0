import { KindGuard, type TObject, type TSchema, type TUnion } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

/** A documented rule that this document breaks. Names keys, never values. */
export class BrokenRule extends Error {}

/** The text of a broken rule. */
export function ruleOf(error: unknown): string {
  return String(error).replace(/^Error: /, '')
}

/**
 * Reads a document as a lenient server would. What is not documented is accepted with a remark; what breaks a
 * documented rule throws a {@link BrokenRule}.
 * @returns the document as the schema has it, without the keys that it does not know
 */
export function read(schema: TSchema, value: unknown, path: string, remarks: string[]): unknown {
  if (KindGuard.IsObject(schema)) return readObject(schema, value, path, remarks)
  if (KindGuard.IsArray(schema) && Array.isArray(value)) {
    const items = value.map((item, at) => read(schema.items, item, `${path}/${at}`, remarks))
    return checked(schema, items, path)
  }
  if (KindGuard.IsUnion(schema)) return read(variantOf(schema, value, path), value, path, remarks)
  if (KindGuard.IsString(schema) && Number.isSafeInteger(value)) {
    remarks.push(`${path} is a number; a string is documented`)
    return checked(schema, String(value), path)
  }
  return checked(schema, value, path)
}

function readObject(schema: TObject, value: unknown, path: string, remarks: string[]): unknown {
  if (!isObject(value)) throw new BrokenRule(`${path} has to be an object`)
  const known: [string, unknown][] = []
  for (const [key, property] of Object.entries(schema.properties)) {
    const given = value[key]
    const at = `${path}/${key}`
    const isRequired = schema.required?.includes(key) === true
    if (given === undefined && isRequired) throw new BrokenRule(`${at} is missing`)
    if (given === null && !isRequired && !Value.Check(property, null)) {
      remarks.push(`${at} is null; that it may be left out is documented`)
    } else if (given !== undefined) {
      known.push([key, read(property, given, at, remarks)])
    }
  }
  const others = Object.entries(value).filter(([key]) => !Object.hasOwn(schema.properties, key))
  if (schema.additionalProperties !== false) return Object.fromEntries([...others, ...known])
  for (const [key] of others) remarks.push(`${path}/${named(key)} is documented nowhere`)
  return Object.fromEntries(known)
}

/** The form that fits, else the one whose constants fit, so that the broken rule can be named. */
function variantOf(schema: TUnion, value: unknown, path: string): TSchema {
  const fitting =
    schema.anyOf.find((variant) => Value.Check(variant, value)) ??
    schema.anyOf.find((variant) => KindGuard.IsObject(variant) && hasConstantsOf(variant, value))
  if (fitting === undefined) throw new BrokenRule(`${path} has none of the documented forms`)
  return fitting
}

function hasConstantsOf({ properties }: TObject, value: unknown): boolean {
  return (
    isObject(value) &&
    Object.entries(properties).every(
      ([key, property]) => !KindGuard.IsLiteral(property) || property.const === value[key],
    )
  )
}

function checked(schema: TSchema, value: unknown, path: string): unknown {
  if (Value.Check(schema, value)) return value
  const { errorType: _type, ...rule } = schema
  throw new BrokenRule(`${path} does not fit ${JSON.stringify(rule)}`)
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function named(key: string): string {
  return key.replace(/[^\w.$-]/g, '?').slice(0, 64)
}

/** The value at this key of an object; undefined of anything else. */
export function memberOf(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined
}
