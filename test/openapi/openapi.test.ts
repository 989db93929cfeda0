import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { Validator } from '@seriousme/openapi-schema-validator'
import openapiTS, { astToString } from 'openapi-typescript'
import { test } from 'tap'
import { parse } from 'yaml'
import { problems } from '../../src/problems/catalogue.ts'
import { start } from '../start.ts'

const run = promisify(execFile)
const root = new URL('../../', import.meta.url)
const committed = (name: string) => readFile(new URL(`openapi/${name}`, root), 'utf8')

test('the committed documents are what the program serves', async (t) => {
  const { url } = await start(t)
  for (const [name, type] of [
    ['openapi.json', 'application/json'],
    ['openapi.yaml', 'application/yaml'],
  ] as const) {
    for (const _ of ['made', 'kept']) {
      const response = await fetch(`${url}/${name}`)
      t.equal(response.headers.get('content-type')?.split(';')[0], type)
      t.equal(await response.text(), await committed(name), `${name}: npm run openapi`)
    }
  }
  t.strictSame(parse(await committed('openapi.yaml')), JSON.parse(await committed('openapi.json')))
})

test('an OpenAPI 3.1 validator accepts the document', async (t) => {
  const validator = new Validator()
  const result = await validator.validate(JSON.parse(await committed('openapi.json')))
  t.strictSame(result, { valid: true })
  t.equal(validator.version, '3.1')
})

test('redocly lint finds no error', async (t) => {
  const { stdout } = await run(
    process.execPath,
    ['node_modules/@redocly/cli/bin/cli.js', 'lint', 'openapi/openapi.json', '--format=json'],
    { cwd: root, env: { ...process.env, REDOCLY_TELEMETRY: 'off', NO_COLOR: '1' } },
  ).catch((failure) => failure)
  const { totals } = JSON.parse(stdout.slice(stdout.indexOf('{')))
  t.equal(totals.errors, 0, stdout)
})

test('every operation is documented: names, texts, examples, and a problem for each way to fail', async (t) => {
  const document = JSON.parse(await committed('openapi.json'))
  const names = new Set<string>()
  for (const [path, operations] of Object.entries<Record<string, unknown>>(document.paths)) {
    for (const [method, each] of Object.entries(operations)) {
      const operation = Object(each)
      const label = `${method} ${path}`
      t.match(operation, { operationId: /./, summary: /./, description: /./, tags: [/./] }, label)
      names.add(operation.operationId)
      for (const media of Object.values<{ examples?: object }>(
        operation.requestBody?.content ?? {},
      )) {
        t.ok(Object.keys(media.examples ?? {}).length > 0, `${label} has a request example`)
      }
      for (const [status, response] of Object.entries<Record<string, unknown>>(
        operation.responses,
      )) {
        const name =
          String(response['$ref'] ?? '')
            .split('/')
            .at(-1) ?? ''
        const { content } = name === '' ? response : document.components.responses[name]
        if (status === '204') continue
        for (const { examples } of Object.values<{ examples: object }>(content)) {
          t.ok(Object.keys(examples).length > 0, `${label} ${status} has an example`)
        }
      }
    }
  }
  t.equal(
    names.size,
    Object.values(document.paths).flatMap((path) => Object.keys(Object(path))).length,
  )
  const text = JSON.stringify(document)
  const undocumented = Object.keys(problems).filter((code) => !text.includes(`"/problems/${code}"`))
  t.strictSame(
    undocumented,
    [
      'webhook-signature-invalid',
      'method-not-allowed',
      'app-refused',
      'app-unreachable',
      'app-timeout',
    ],
    'which no operation can answer: LivePerson meets them on the webhook listener',
  )
})

test('a success of an operation is one type: a dry run is described, and is no second success', async (t) => {
  const document = JSON.parse(await committed('openapi.json'))
  let operationsWithDryRun = 0
  for (const [path, operations] of Object.entries<Record<string, unknown>>(document.paths)) {
    for (const [method, each] of Object.entries(operations)) {
      const { responses, parameters = [] } = Object(each)
      const successes = Object.keys(responses).filter((status) => status.startsWith('2'))
      t.ok(successes.length <= 1, `${method} ${path} ${successes}`)
      t.notMatch(JSON.stringify(responses), 'schemas/DryRun', `${method} ${path}`)
      const dryRun = parameters.find(({ name }: { name: string }) => name === 'dryRun')
      if (dryRun === undefined) continue
      operationsWithDryRun += 1
      t.match(dryRun.schema.description ?? dryRun.description, '`DryRun`', `${method} ${path}`)
    }
  }
  t.equal(operationsWithDryRun, 12)
  t.match(document.components.schemas.DryRun, { description: /200/, required: ['method', 'url'] })
})

test('a client generated from the document compiles under strict', async (t) => {
  const directory = t.testdir({})
  const types = await openapiTS(JSON.parse(await committed('openapi.json')))
  await writeFile(`${directory}/api.ts`, astToString(types))
  await writeFile(
    `${directory}/client.ts`,
    [
      "import createClient from 'openapi-fetch'",
      "import type { components, paths } from './api.js'",
      "const client = createClient<paths>({ baseUrl: 'http://127.0.0.1:3000' })",
      "const { data, error } = await client.POST('/conversations/{id}/messages', {",
      "  params: { path: { id: 'demo' } },",
      "  body: { text: 'Hi' },",
      '})',
      "export const event: components['schemas']['Event'] | undefined = data",
      'export const sequence: number | undefined = data?.sequence',
      "const opened = await client.POST('/conversations', {})",
      'export const consumerId: string | undefined = opened.data?.consumerId',
      "const dryRun = { params: { path: { id: 'demo' }, query: { dryRun: 'true' } }, body: { text: 'Hi' } } as const",
      "export const { response } = await client.POST('/conversations/{id}/messages', dryRun)",
      "export const call = (body: unknown) => body as components['schemas']['DryRun']",
      "export const delivery: 'not-sent' | 'unknown' | undefined = error?.delivery",
      "await client.DELETE('/conversations/{id}/typing', { params: { path: { id: 'demo' } } })",
      '// @ts-expect-error: the text is a string',
      "await client.POST('/conversations/{id}/messages', { params: { path: { id: 'demo' } }, body: { text: 5 } })",
    ].join('\n'),
  )
  const options =
    '--strict --noEmit --skipLibCheck --module nodenext --moduleResolution nodenext --target es2022 --lib es2022,dom'
  const { stdout } = await run(
    process.execPath,
    [
      'node_modules/typescript/bin/tsc',
      ...options.split(' '),
      '--types',
      'node',
      `${directory}/client.ts`,
    ],
    { cwd: root },
  ).catch((failure) => failure)
  t.equal(stdout, '')
})

test('DOCS decides what is published', async (t) => {
  for (const [docs, ui, spec] of [
    ['on', 200, 200],
    ['spec', 404, 200],
    ['off', 404, 404],
  ] as const) {
    const { url } = await start(t, { DOCS: docs })
    t.equal((await fetch(`${url}/docs/`)).status, ui, `/docs with DOCS=${docs}`)
    t.equal((await fetch(`${url}/openapi.json`)).status, spec, `/openapi.json with DOCS=${docs}`)
    t.equal((await fetch(`${url}/openapi.yaml`)).status, spec, `/openapi.yaml with DOCS=${docs}`)
  }
})

test('the page of /docs works behind a path prefix', async (t) => {
  const { url } = await start(t)
  for (const [path, location] of [
    ['/docs', 'docs/'],
    ['/docs?a=/docs', 'docs/'],
    ['/docs/', null],
  ] as const) {
    const { headers } = await fetch(`${url}${path}`, { redirect: 'manual' })
    t.equal(headers.get('location'), location, path)
  }
  const response = await fetch(`${url}/docs/json`)
  const { servers } = Object(await response.json())
  t.match(servers, [{ url: '..' }], 'it lies one level deeper than the document')
})
