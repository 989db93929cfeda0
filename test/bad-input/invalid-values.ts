/** What a schema does not allow: a valid value with exactly one fault, and where that fault is. */
import type { TSchema } from '@sinclair/typebox'
import fc from 'fast-check'
import { marker, unsafeText } from './text.ts'
import {
  conditionOf,
  isUnion,
  keysOfWhichOne,
  requiredSets,
  valid,
  validObject,
} from './valid-values.ts'

/** @param at JSON Pointer; a key that is no plain name reads `?` */
export type Fault = { value: unknown; at: string }

const anyOther: Record<string, unknown[]> = {
  string: [`${marker}`, '', 'true', '1', 'null', '[object Object]'],
  number: [0, 1, -1, 1.5, 987654321987, 1e300],
  boolean: [true, false],
  null: [null],
  array: [[], [marker], [[[]]]],
  object: [{}, { [marker]: marker }, { text: marker }, { length: 1 }],
}

function ofOtherType(type: string): fc.Arbitrary<Fault> {
  const own = type === 'integer' ? 'number' : type
  const others = Object.entries(anyOther).flatMap(([each, values]) => (each === own ? [] : values))
  return fc.constantFrom(...others).map((value) => ({ value, at: '' }))
}

export function invalid(schema: TSchema): fc.Arbitrary<Fault> {
  if (isUnion(schema)) {
    const forms: TSchema[] = schema['anyOf']
    const telling = new Set<string>(forms.flatMap((form) => form['required'] ?? []))
    return fc.oneof(...forms.map(invalid)).map((fault) => {
      // Without the key that tells the forms apart it is none of them, so the fault is in the whole.
      const [, key = '', ...deeper] = fault.at.split('/')
      const isMissing = deeper.length === 0 && !Object.hasOwn(Object(fault.value), key)
      return isMissing && telling.has(key) ? { ...fault, at: '' } : fault
    })
  }
  const wrongType = ofOtherType(schema['enum'] === undefined ? schema['type'] : 'string')
  const faults = faultsOf(schema)
  if (faults.length === 0) return wrongType
  return fc.oneof(
    { weight: 1, arbitrary: wrongType },
    { weight: 4, arbitrary: fc.oneof(...faults) },
  )
}

function faultsOf(schema: TSchema): fc.Arbitrary<Fault>[] {
  const here = (values: fc.Arbitrary<unknown>) => values.map((value) => ({ value, at: '' }))
  switch (schema['type']) {
    case 'object':
      return objectFaults(schema)
    case 'array':
      return arrayFaults(schema)
    case 'string':
      return stringFaults(schema).map(here)
    case 'integer':
      return numberFaults(schema).map(here)
    default:
      return []
  }
}

function objectFaults(schema: TSchema): fc.Arbitrary<Fault>[] {
  const properties: Record<string, TSchema> = schema['properties']
  const base = fc.oneof(...requiredSets(schema).map((keys) => validObject(schema, keys)))
  const always: string[] = schema['required'] ?? []
  const without = (keys: readonly string[], at: string) =>
    base.map((made) => {
      const value = Object.fromEntries(Object.entries(made).filter(([key]) => !keys.includes(key)))
      return { value, at }
    })
  const condition = conditionOf(schema)
  const oneOfThese = keysOfWhichOne(schema)
  const inside = Object.entries(properties).map(([key, property]) =>
    fc.tuple(base, invalid(property)).map(([made, fault]) => ({
      value: { ...made, [key]: fault.value },
      at: `/${key}${fault.at}`,
    })),
  )
  return [
    ...always.map((key) => without([key], `/${key}`)),
    ...(oneOfThese.length > 0 ? [without(oneOfThese, '')] : []),
    ...(condition === undefined
      ? []
      : condition.needs.map((needed) =>
          without([needed], `/${needed}`).map(({ value, at }) => ({
            value: { ...Object(value), [condition.key]: condition.value },
            at,
          })),
        )),
    ...(schema['additionalProperties'] === false ? [withUnknownKey(base, properties)] : []),
    ...inside,
  ]
}

/** Names close to the right ones, of other APIs, of JavaScript's own, and some that are the caller's words. */
const unknownKeys = fc.constantFrom(
  ...[
    'message',
    'Text',
    'text ',
    'sequence',
    'dialogid',
    'toString',
    'hasOwnProperty',
    'constructor',
  ],
  ...['then', '$ref', '', '0', 'length', `${marker} words`, `${marker}/~1`, 'te\u200bxt', '😀'],
)

function withUnknownKey(
  base: fc.Arbitrary<Record<string, unknown>>,
  properties: Record<string, TSchema>,
): fc.Arbitrary<Fault> {
  const key = unknownKeys.filter((each) => !Object.hasOwn(properties, each))
  const value = fc.constantFrom<unknown>(marker, null, 1, {}, [])
  return fc.tuple(base, key, value).map(([made, name, given]) => ({
    value: { ...made, [name]: given },
    at: `/${/^[\w$.@-]{1,64}$/.test(name) ? name : '?'}`,
  }))
}

function arrayFaults(schema: TSchema): fc.Arbitrary<Fault>[] {
  const { items, minItems = 0, maxItems } = schema
  const item = valid(items)
  const short = minItems > 0 ? [fc.array(item, { maxLength: minItems - 1 })] : []
  const long =
    maxItems === undefined
      ? []
      : [item.map((each) => Array.from({ length: maxItems + 1 }, () => each))]
  const inside = fc
    .tuple(fc.array(item, { maxLength: 3 }), invalid(items), fc.array(item, { maxLength: 3 }))
    .map(([before, fault, after]) => ({
      value: [...before, fault.value, ...after],
      at: `/${before.length}${fault.at}`,
    }))
  return [
    ...[...short, ...long].map((values) => values.map((value) => ({ value, at: '' }))),
    inside,
  ]
}

function stringFaults(schema: TSchema): fc.Arbitrary<string>[] {
  const { pattern, minLength = 0, maxLength } = schema
  const allowed: string[] | undefined = schema['enum']
  if (allowed !== undefined) {
    const near = allowed.flatMap((each) => [
      each.toUpperCase(),
      ` ${each}`,
      `${each}\n`,
      `${each}s`,
    ])
    const values = [marker, '', ...near, '__proto__', 'toString']
    return [fc.constantFrom(...values.filter((each) => !allowed.includes(each))), unsafeText]
  }
  const short = minLength > 0 ? [fc.constant('a'.repeat(minLength - 1))] : []
  const long =
    maxLength === undefined
      ? []
      : [
          fc
            .constantFrom(...(maxLength > 10_000 ? ['a'] : ['a', '😀']))
            .map((each) => each.repeat(maxLength + 1)),
        ]
  return [...short, ...long, ...(pattern === undefined ? [] : [breaking(schema)]), unsafeText]
}

/** One character more, at the start, at the end or within, that no pattern here allows. */
function breaking(schema: TSchema): fc.Arbitrary<string> {
  const strange = fc.constantFrom(' ', '\n', 'é', '😀', '%', '../', marker.concat(' '), '\u0660')
  return fc.tuple(valid(schema).map(String), strange, fc.nat()).map(([text, more, place]) => {
    const index = place % (text.length + 1)
    return `${text.slice(0, index)}${more}${text.slice(index)}`
  })
}

function numberFaults({ minimum, maximum }: TSchema): fc.Arbitrary<number>[] {
  const outside = [
    ...(minimum === undefined ? [] : [minimum - 1, -987654321987]),
    ...(maximum === undefined ? [] : [maximum + 1, 1e19, 987654321987e12]),
  ]
  return [
    fc.constantFrom(0.5, -0.5, 1.000001, 2.5),
    ...(outside.length > 0 ? [fc.constantFrom(...outside)] : []),
  ]
}
