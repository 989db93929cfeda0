/** Reads JSON whose form may differ from the documented one. */
import { KindGuard, type Static, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

/**
 * Reads what the schema names. An optional part, or an element of an array, that has another form counts as absent.
 * @returns undefined if a required part is missing
 */
export function readLeniently<T extends TSchema>(schema: T, value: unknown): Static<T> | undefined {
  const kept = keep(schema, value)
  return Value.Check(schema, kept) ? kept : undefined
}

function keep(schema: TSchema, value: unknown): unknown {
  if (KindGuard.IsArray(schema)) {
    if (!Array.isArray(value)) return value
    const items = value.map((item) => keep(schema.items, item))
    return items.filter((item) => Value.Check(schema.items, item))
  }
  if (!KindGuard.IsObject(schema) || !isObject(value)) return value
  const kept: Record<string, unknown> = {}
  for (const [name, part] of Object.entries(schema.properties)) {
    if (!Object.hasOwn(value, name)) continue
    const found = keep(part, value[name])
    if (!KindGuard.IsOptional(part) || Value.Check(part, found)) kept[name] = found
  }
  return kept
}

/** Whether it is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** How deep the arrays and objects of a change may nest. LivePerson's have about ten levels. At some thousands, writing JSON overflows the stack. */
export const mostLevels = 100

/** Whether arrays and objects nest deeper than this. */
export function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((part) => isDeeperThan(levels - 1, part))
}
