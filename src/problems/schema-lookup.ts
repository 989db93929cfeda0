/** Finds the part of a schema that a validation error is about. */

/** The parts of a schema that explanations use. */
type Schema = Record<string, unknown>

/** The schema that has the keyword at this JSON Pointer, such as `#/properties/text/pattern`. Empty if there is none. */
export function schemaOf(root: unknown, keywordPath: string): Schema {
  const tokens = keywordPath.split('/').slice(1, -1).map(decodeToken)
  let node = root
  for (const token of tokens) node = isSchema(node) ? node[token] : undefined
  return isSchema(node) ? node : {}
}

/** The keys of an object, or of all objects that it may be. */
export function keysOf(schema: unknown): string[] {
  return [
    ...new Set(
      [schema, ...alternativesOf(schema)].flatMap((form) => Object.keys(propertiesOf(form))),
    ),
  ]
}

/** The schemas of an object's values, by key. */
export function propertiesOf(schema: unknown): Schema {
  const properties = isSchema(schema) ? schema['properties'] : undefined
  return isSchema(properties) ? properties : {}
}

/** The alternatives of a value. */
export function alternativesOf(schema: unknown): unknown[] {
  const anyOf = isSchema(schema) ? schema['anyOf'] : undefined
  return Array.isArray(anyOf) ? anyOf : []
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null
}

function decodeToken(token: string): string {
  return decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~')
}
