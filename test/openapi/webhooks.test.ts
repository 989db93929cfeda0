import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import openapiTS, { astToString } from 'openapi-typescript'
import { test } from 'tap'
import { exampleEvents } from '../../src/openapi/webhook-examples.ts'
import { outbound } from '../webhooks/vectors.ts'

const root = new URL('../../', import.meta.url)
const committed = async () =>
  JSON.parse(await readFile(new URL('openapi/openapi.json', root), 'utf8'))

const types = [
  'message.created',
  'receipt.created',
  'chat_state.updated',
  'conversation.updated',
  'conversation.closed',
] as const

test('each event is a webhook with its texts, headers, answers and an example that fits it', async (t) => {
  const { webhooks, components } = await committed()
  t.strictSame(Object.keys(webhooks), types)
  for (const type of types) {
    const { post } = webhooks[type]
    t.match(post, { operationId: /^on/, summary: /./, description: /./, security: [] }, type)
    t.strictSame(
      post.parameters.map(({ name }: { name: string }) => name),
      ['webhook-id', 'webhook-timestamp', 'webhook-signature', 'X-LP-Account-Id', 'X-Request-Id'],
    )
    t.strictSame(Object.keys(post.responses), ['204', 'default'])
    const { schema, examples } = post.requestBody.content['application/json']
    const { properties } = components.schemas[schema.$ref.split('/').at(-1)]
    t.strictSame(properties.type.enum, [type])
    t.strictSame(examples.example.value, exampleEvents[type])
  }
})

test('the examples are events that notifications become', async (t) => {
  for (const [type, from] of [
    ['message.created', 'text_emoji'],
    ['receipt.created', 'receipt_read'],
    ['conversation.updated', 'agent_joined'],
    ['conversation.closed', 'closed_by_agent'],
  ] as const) {
    const vector = outbound.events.find((each) => each.from === from)
    t.strictSame(exampleEvents[type], vector?.event)
  }
  // The id of a chat state is random, and its time is its arrival.
  const typing = outbound.events.find(({ from }) => from === 'typing')?.event
  t.strictSame(exampleEvents['chat_state.updated'].data, typing?.data)
})

test('the generated types tell the events apart by their type', async (t) => {
  const directory = t.testdir({})
  await writeFile(`${directory}/api.ts`, astToString(await openapiTS(await committed())))
  await writeFile(
    `${directory}/app.ts`,
    [
      "import type { webhooks } from './api.js'",
      "type Event = webhooks[keyof webhooks]['post']['requestBody']['content']['application/json']",
      'export function tell(event: Event): string {',
      '  switch (event.type) {',
      "    case 'message.created':",
      "      return event.data.kind === 'text' ? event.data.text : event.data.kind",
      "    case 'receipt.created':",
      '      return event.data.status + event.data.sequences.map((each) => each + 1).join()',
      "    case 'chat_state.updated':",
      '      return event.data.state',
      "    case 'conversation.updated':",
      "      return event.data.agent?.id ?? 'nobody'",
      "    case 'conversation.closed':",
      "      return event.data.closeReason ?? 'closed'",
      '  }',
      '}',
      '// @ts-expect-error: a receipt has no text',
      "export const text = (event: Event) => event.type === 'receipt.created' && event.data.text",
    ].join('\n'),
  )
  const options =
    '--strict --noEmit --skipLibCheck --module nodenext --moduleResolution nodenext --target es2022'
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      'node_modules/typescript/bin/tsc',
      ...options.split(' '),
      '--types',
      'node',
      `${directory}/app.ts`,
    ],
    { cwd: root },
  ).catch((failure) => failure)
  t.equal(stdout, '')
})
