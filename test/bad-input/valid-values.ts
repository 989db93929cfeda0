/** What a schema allows, made from the schema alone; no validator has a say in it. */
import type { TSchema } from '@sinclair/typebox'
import fc from 'fast-check'
import { marker, soundJson, soundKey, soundText } from './text.ts'

/** Every keyword that is understood here. A schema with another one would be tested by half. */
const keywords = new Set(
  'type properties required minProperties additionalProperties items minItems maxItems minLength maxLength pattern minimum maximum enum anyOf if then description examples default'.split(
    ' ',
  ),
)

/** The sets of keys of which one must be there. */
export function requiredSets(schema: TSchema): string[][] {
  const always: string[] = schema['required'] ?? []
  const oneOfThese = keysOfWhichOne(schema)
  return oneOfThese.length === 0 ? [always] : oneOfThese.map((key) => [...always, key])
}

/** None, unless `minProperties` asks for one key, whichever it is. */
export function keysOfWhichOne(schema: TSchema): string[] {
  const { minProperties, properties, required } = schema
  if (minProperties === undefined) return []
  if (minProperties !== 1 || required !== undefined) throw new Error('only one key of any')
  return Object.keys(properties)
}

/** `if` one property has one value, or is there at all, `then` other keys are required. */
export type Condition = {
  key: string
  value: unknown
  isMet(value: unknown): boolean
  needs: string[]
}

export function conditionOf(schema: TSchema): Condition | undefined {
  if (schema['if'] === undefined) return undefined
  const [entry, ...others] = Object.entries<{ const?: unknown }>(schema['if'].properties)
  if (entry === undefined || others.length > 0) throw new Error('only conditions on one key')
  const [key, expected] = entry
  const needs: string[] = schema['then'].required
  if ('const' in expected) {
    const value = expected.const
    return { key, value, isMet: (given) => given === value, needs }
  }
  const { minimum } = schema['properties'][key]
  return { key, value: minimum, isMet: (given) => given !== undefined, needs }
}

export function isUnion(schema: TSchema): boolean {
  return schema['anyOf'] !== undefined && schema['type'] === undefined
}

export function valid(schema: TSchema): fc.Arbitrary<unknown> {
  const unknown = Object.keys(schema).filter((key) => !keywords.has(key))
  if (unknown.length > 0) throw new Error(`no values are made for ${unknown.join(', ')}`)
  if (isUnion(schema)) return fc.oneof(...schema['anyOf'].map(valid))
  if (schema['enum'] !== undefined) return fc.constantFrom(...schema['enum'])
  switch (schema['type']) {
    case 'object':
      return fc.oneof(...requiredSets(schema).map((required) => validObject(schema, required)))
    case 'array':
      return validArray(schema)
    case 'string':
      return validString(schema)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc
        .oneof(fc.maxSafeInteger(), fc.integer(), fc.nat(1_000), bounds(schema))
        .map(within(schema))
    case 'number':
      return fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer())
    default:
      throw new Error(`no values are made for the type ${schema['type']}`)
  }
}

/** @param required the keys that must be there; others may be */
export function validObject(
  schema: TSchema,
  required: readonly string[],
): fc.Arbitrary<Record<string, unknown>> {
  const properties: Record<string, TSchema> = schema['properties']
  const model = Object.fromEntries(
    Object.entries(properties).map(([key, property]) => [key, valid(property)]),
  )
  const withKeys = (keys: readonly string[]): fc.Arbitrary<Record<string, unknown>> =>
    fc.record(model, { requiredKeys: [...keys], noNullPrototype: true })
  const condition = conditionOf(schema)
  const known =
    condition === undefined
      ? withKeys(required)
      : fc.oneof(
          withKeys([...required, ...condition.needs]),
          withKeys(required).filter((made) => !condition.isMet(made[condition.key])),
        )
  if (schema['additionalProperties'] === false) return known
  const extraKey = soundKey.filter((key) => !Object.hasOwn(properties, key))
  return fc
    .tuple(known, fc.dictionary(extraKey, soundJson, { maxKeys: 3, noNullPrototype: true }))
    .map(([object, extra]) => ({ ...extra, ...object }))
}

function validArray({ items, minItems = 0, maxItems = 30 }: TSchema): fc.Arbitrary<unknown[]> {
  const usual = fc.array(valid(items), { minLength: minItems, maxLength: maxItems })
  const longest = valid(items).map((item) => Array.from({ length: maxItems }, () => item))
  return fc.oneof({ weight: 20, arbitrary: usual }, { weight: 1, arbitrary: longest })
}

function validString({ pattern, minLength, maxLength }: TSchema): fc.Arbitrary<string> {
  if (pattern === undefined) return soundText(minLength, maxLength)
  const regex = new RegExp(pattern)
  const matching = fc
    .stringMatching(regex)
    .filter((text) => maxLength === undefined || text.length <= maxLength)
  // The marker where the pattern takes it: then it must not be shown either.
  return regex.test(marker)
    ? fc.oneof(
        matching,
        matching.map((text) => `${marker}${text}`.slice(0, 128)),
      )
    : matching
}

function bounds({ minimum = -1e6, maximum = 1e6 }: TSchema): fc.Arbitrary<number> {
  return fc.constantFrom(minimum, maximum)
}

function within({
  minimum = -Number.MAX_SAFE_INTEGER,
  maximum = Number.MAX_SAFE_INTEGER,
}: TSchema) {
  return (value: number): number => {
    if (value >= minimum && value <= maximum) return value
    const span = maximum - minimum + 1
    return minimum + (Math.abs(value) % span)
  }
}
