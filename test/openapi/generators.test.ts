/** What generators of clients make of the document depends on how it says things, beyond being valid. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Validator } from '@seriousme/openapi-schema-validator'
import { test } from 'tap'
import { problems } from '../../src/problems/catalogue.ts'
import { codesOf } from './documented-problems.ts'

const root = new URL('../../', import.meta.url)
// biome-ignore lint/suspicious/noExplicitAny: a document, whatever it holds
type Json = any
const read = (path: string): Json => JSON.parse(readFileSync(new URL(path, root), 'utf8'))
const document = read('openapi/openapi.json')

type Operation = { label: string; operation: Json }

const operations: Operation[] = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
  Object.entries<Json>(methods).map(([method, operation]) => ({
    label: `${method} ${path}`,
    operation,
  })),
)
const byId = (id: string): Json =>
  operations.find(({ operation }) => operation.operationId === id)?.operation

/** A response itself, where an operation refers to a shared one. */
function responseOf(response: Json): Json {
  const { $ref } = response
  return $ref === undefined ? response : document.components.responses[$ref.split('/').at(-1)]
}

/** Each schema below a node. */
function* schemasIn(node: Json, isSchema = false): Generator<Json> {
  if (typeof node !== 'object' || node === null) return
  if (isSchema) yield node
  for (const [key, value] of Object.entries<Json>(node)) {
    if (['example', 'examples', 'value', 'enum', 'if', 'then'].includes(key)) continue
    if (['properties', 'schemas'].includes(key)) {
      for (const each of Object.values(value)) yield* schemasIn(each, true)
    } else if (['anyOf', 'allOf'].includes(key)) {
      for (const each of value) yield* schemasIn(each, true)
    } else yield* schemasIn(value, ['schema', 'items'].includes(key))
  }
}

// openapi-generator returns the type of the lowest 2xx, or else of the default, and of its first media type;
// NSwag that of the first 2xx; oapi-codegen has a field for each, which a caller has to look through.
test('each operation has one success, of one media type or without a body', async (t) => {
  for (const { label, operation } of operations) {
    const statuses = Object.keys(operation.responses)
    const [success = '', ...others] = statuses.filter((status) => status.startsWith('2'))
    t.strictSame(others, [], label)
    t.match(success, /^20[014]$/, label)
    const types = Object.keys(operation.responses[success].content ?? {})
    t.equal(types.length, success === '204' ? 0 : 1, `${label} ${types}`)
  }
})

test('each status is a number: ranges and defaults of two generators do not compile', async (t) => {
  for (const { label, operation } of operations) {
    for (const status of Object.keys(operation.responses)) t.match(status, /^[1-5]\d\d$/, label)
  }
  for (const [type, { post }] of Object.entries<Json>(document.webhooks)) {
    t.strictSame(Object.keys(post.responses), ['204', 'default'], type)
  }
})

test('a download is bytes alone', async (t) => {
  const { content } = byId('getFile').responses[200]
  t.strictSame(Object.keys(content), ['image/*'])
  t.strictSame(content['image/*'].schema, { type: 'string', format: 'binary' })
})

test('every body and every answer of an operation has a type', async (t) => {
  for (const { label, operation } of operations) {
    const parts = [operation.requestBody, ...Object.values(operation.responses).map(responseOf)]
    let bodies = 0
    for (const schema of parts.flatMap((part) => [...schemasIn(part)])) {
      bodies += 1
      const words = Object.keys(schema)
      t.ok(
        ['type', '$ref', 'anyOf', 'allOf'].some((word) => words.includes(word)),
        `${label} ${JSON.stringify(schema)}`,
      )
    }
    t.ok(bodies > 0, label)
  }
})

test('the native routes name LiveEngage’s own failures beside the proxy’s, by their status', async (t) => {
  for (const id of ['nativeConversation', 'nativeSend']) {
    const { responses } = byId(id)
    const own = Object.keys(responses).filter(
      (status) => Object(responseOf(responses[status]).content)['application/json'] !== undefined,
    )
    t.strictSame(own, ['200', '400', '401', '404', '429', '500', '502', '503', '504'], id)
    const both = Object.keys(responseOf(responses[502]).content)
    t.strictSame(both, ['application/problem+json', 'application/json', 'text/html'], id)
    t.strictSame(Object.keys(responseOf(responses[429]).content), ['application/json'], id)
  }
  t.strictSame(byId('nativeSend').requestBody.content['application/json'].schema, {
    allOf: [{ $ref: '#/components/schemas/Envelope' }],
  })
  t.match(byId('nativeSend').parameters, [{}, {}, {}, {}, {}, {}, { name: 'v', required: true }])
})

test('an error is a Problem, and its code is one of a closed set', async (t) => {
  for (const { label, operation } of operations) {
    for (const [status, response] of Object.entries<Json>(operation.responses)) {
      const problem = responseOf(response).content?.['application/problem+json']
      if (problem === undefined) continue
      t.strictSame(problem.schema.allOf[0], { $ref: '#/components/schemas/Problem' }, label)
      const codes = codesOf(responseOf(response))
      t.strictSame(codes, Object.keys(problem.examples), `${label} ${status}`)
      for (const code of codes) {
        t.equal(
          String(Object.entries(problems).find(([each]) => each === code)?.[1].status),
          status,
        )
      }
    }
  }
})

test('the consumer is an argument, and the way that generators take', async (t) => {
  let calls = 0
  for (const { label, operation } of operations) {
    const [way] = operation.security
    if (way?.ConsumerId === undefined) continue
    calls += 1
    t.strictSame(way, { ConsumerId: [] }, label)
    const header = operation.parameters.find(({ name }: Json) => name === 'X-LP-Consumer-Id')
    t.match(header, { in: 'header', required: false, schema: { type: 'string' } }, label)
  }
  t.equal(calls, 14)
})

test('each parameter has an example that fits; Swagger UI sends none of an optional one unasked', async (t) => {
  const webhooks = Object.entries<Json>(document.webhooks)
  for (const { label, operation } of [
    ...operations,
    ...webhooks.map(([label, { post: operation }]) => ({ label, operation })),
  ]) {
    for (const { name, required, schema, example, description } of operation.parameters ?? []) {
      const shown = example ?? schema.examples?.[0]
      t.type(shown, schema.type === 'integer' ? 'number' : 'string', `${label} ${name}`)
      t.match(shown, new RegExp(schema.pattern ?? ''), `${label} ${name}`)
      if (schema.enum) t.ok(schema.enum.includes(shown), `${label} ${name}`)
      t.type(description, 'string', `${label} ${name}`)
      if (!required && operation.security.length > 0) t.equal(example, undefined, name)
    }
  }
})

test('the native routes take the account from their path, and no header with another', async (t) => {
  for (const { label, operation } of operations) {
    const names = (operation.parameters ?? []).map(({ name }: Json) => name)
    if (names.includes('accountId')) t.notOk(names.includes('X-LP-Account-Id'), label)
  }
})

test('a request id of another form is no mistake, so it has no pattern', async (t) => {
  const { schema } = byId('sendMessage').parameters.find(
    ({ name }: Json) => name === 'X-Request-Id',
  )
  t.strictSame(Object.keys(schema).sort(), ['examples', 'type'])
})

test('no alternative is a set of required keys alone, and no object has patterns for keys', async (t) => {
  for (const schema of schemasIn(document)) {
    t.notOk('patternProperties' in schema, JSON.stringify(schema))
    for (const each of schema.anyOf ?? []) {
      t.ok('type' in each || '$ref' in each, JSON.stringify(each))
    }
  }
})

test('a pattern is one of Go and Rust, too: it does not look around, and counts to 1000', async (t) => {
  const patterns = [...schemasIn(document)].flatMap(({ pattern }) => pattern ?? [])
  t.ok(patterns.length > 10)
  for (const pattern of patterns) {
    t.notMatch(pattern, /\(\?[!=<]|\\[1-9]/)
    for (const [, count] of pattern.matchAll(/,(\d+)\}/g)) t.ok(Number(count) <= 1000, pattern)
  }
})

test('the events are named schemas, for generators that do not know webhooks', async (t) => {
  for (const [type, { post }] of Object.entries<Json>(document.webhooks)) {
    const { $ref } = post.requestBody.content['application/json'].schema
    const { properties } = document.components.schemas[$ref.split('/').at(-1)]
    t.strictSame(properties.type.enum, [type])
  }
})

test('the document in OpenAPI 3.0 is made from that in 3.1, and valid', async (t) => {
  const made = execFileSync(process.execPath, ['openapi/version-3.0.js', '--print'], {
    cwd: fileURLToPath(root),
    encoding: 'utf8',
    maxBuffer: 2 ** 24,
  })
  const committed = readFileSync(new URL('openapi/openapi-3.0.json', root), 'utf8')
  t.equal(made, committed, 'npm run openapi')
  const older = JSON.parse(committed)
  const validator = new Validator()
  t.strictSame(await validator.validate(older), { valid: true })
  t.equal(validator.version, '3.0')
  t.strictSame(Object.keys(older.paths), Object.keys(document.paths))
  t.strictSame(Object.keys(older.components.schemas), Object.keys(document.components.schemas))
  t.match(older.components.schemas.ConversationUpdated.properties.data.properties.agent, {
    type: 'object',
    nullable: true,
  })
})
