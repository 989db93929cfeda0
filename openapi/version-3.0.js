/**
 * Writes the OpenAPI document once more as 3.0, for generators that do not read all of 3.1, such as oapi-codegen, NSwag and openapi-generator.
 *
 *   node openapi/version-3.0.js            writes openapi/openapi-3.0.json
 *   node openapi/version-3.0.js --print    prints it
 */
import { readFile, writeFile } from 'node:fs/promises'
import process from 'node:process'

const document = JSON.parse(await readFile(new URL('openapi.json', import.meta.url), 'utf8'))

/** Keywords of schemas that 3.0 does not have. The server still checks what `if` and `then` say, and descriptions say it, too. */
function toSchema({ if: _if, then: _then, examples, ...schema }) {
  const converted = toVersion30(schema)
  if (examples !== undefined) converted.example = examples[0]
  const others = converted.anyOf?.filter(({ type }) => type !== 'null')
  if (others === undefined || others.length === converted.anyOf.length) return converted
  if (others.length > 1) throw new Error('only one type beside null')
  const { anyOf: _anyOf, ...rest } = converted
  return { ...rest, ...others[0], nullable: true }
}

/** A schema is what stands under one of these keys: alone, in a list, or by its name. */
const ofOne = new Set(['schema', 'items', 'additionalProperties'])
const ofMany = new Set(['anyOf', 'allOf'])
const byName = new Set(['properties', 'schemas'])
const data = new Set(['example', 'value', 'enum', 'default'])

function toVersion30(node) {
  if (Array.isArray(node)) return node.map(toVersion30)
  if (typeof node !== 'object' || node === null) return node
  return mapValues(node, (value, key) => {
    if (data.has(key)) return value
    if (ofOne.has(key) && typeof value === 'object') return toSchema(value)
    if (ofMany.has(key)) return value.map(toSchema)
    if (byName.has(key)) return mapValues(value, toSchema)
    return toVersion30(value)
  })
}

function mapValues(object, change) {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, change(value, key)]),
  )
}

const { webhooks, info, ...rest } = document
const { identifier, name } = info.license
const license = { name, url: `https://spdx.org/licenses/${identifier}.html` }
const converted = toVersion30({
  ...rest,
  openapi: '3.0.3',
  info: { ...info, license },
  // The events are among the schemas, so that there are types of them all the same.
  'x-webhooks': webhooks,
})
const text = `${JSON.stringify(converted, null, 2)}\n`
if (process.argv.includes('--print')) process.stdout.write(text)
else await writeFile(new URL('openapi-3.0.json', import.meta.url), text)
