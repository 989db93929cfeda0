/**
 * Checks counts before values. The validator looks at each of ten thousand items and reports each wrong one, which costs more than
 * hundreds of messages.
 */
import type { TSchema } from '@sinclair/typebox'
import {
  type ExpectedRequest,
  explainInvalid,
  type Finding,
  mostErrors,
} from './invalid-request.ts'
import { alternativesOf, isSchema, keysOf, propertiesOf } from './schema-lookup.ts'

type Place = { schema: unknown; instancePath: string; schemaPath: string }

/** @throws Problem `invalid-request` for an array that is too long, and for more unknown keys than are reported */
export function refuseExcess(expected: ExpectedRequest & { body: TSchema }, body: unknown): void {
  const findings = findExcess({ schema: expected.body, instancePath: '', schemaPath: '#' }, body)
  if (findings !== undefined) throw explainInvalid(expected, findings, 'body')
}

function findExcess(place: Place, value: unknown): Finding[] | undefined {
  const { schema } = place
  if (typeof value !== 'object' || value === null || !isSchema(schema)) return undefined
  if (Array.isArray(value)) {
    const { maxItems: limit } = schema
    return typeof limit === 'number' && value.length > limit
      ? [toFinding(place, 'maxItems', { limit })]
      : undefined
  }
  // What is open says nothing of its values.
  if (!isStrict(schema)) return undefined
  const keys = Object.keys(value)
  if (keys.length > mostErrors) {
    const unknown = unknownKeys(schema, keys)
    if (unknown.length === mostErrors) {
      return unknown.map((additionalProperty) =>
        toFinding(place, 'additionalProperties', { additionalProperty }),
      )
    }
  }
  for (const [key, item] of Object.entries(value)) {
    const found = typeof item === 'object' ? findExcess(placeOf(place, key), item) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

/** @returns at most `mostErrors` */
function unknownKeys(schema: unknown, keys: readonly string[]): string[] {
  const known = new Set(keysOf(schema))
  const unknown: string[] = []
  for (const key of keys) {
    if (!known.has(key)) unknown.push(key)
    if (unknown.length === mostErrors) break
  }
  return unknown
}

/** The schema of a key's value: from the schema itself, or from the first of its alternatives that has the key. */
function placeOf({ schema, instancePath, schemaPath }: Place, key: string): Place {
  const index = alternativesOf(schema).findIndex((form) => isSchema(propertiesOf(form)[key]))
  const form = index < 0 ? schema : alternativesOf(schema)[index]
  const formPath = index < 0 ? schemaPath : `${schemaPath}/anyOf/${index}`
  return {
    schema: propertiesOf(form)[key],
    instancePath: `${instancePath}/${key}`,
    schemaPath: `${formPath}/properties/${key}`,
  }
}

function toFinding({ instancePath, schemaPath }: Place, keyword: string, params: object): Finding {
  return {
    keyword,
    instancePath,
    schemaPath: `${schemaPath}/${keyword}`,
    params: { ...params },
  }
}

function isStrict(schema: unknown): boolean {
  return [schema, ...alternativesOf(schema)].some(
    (form) => isSchema(form) && form['additionalProperties'] === false,
  )
}
