/** The tables of docs/webhooks.md that list every field of every event. */
import type { TSchema } from '@sinclair/typebox'
import { test } from 'tap'
import {
  ChatStateUpdated,
  ConversationClosed,
  ConversationUpdated,
  MessageCreated,
  ReceiptCreated,
} from '../../src/webhooks/events.ts'
import { simplify } from '../../src/webhooks/simplify/notification.ts'
import { wants } from '../programs.ts'
import { runCurls } from './commands.ts'
import { checkTable, readPage, table } from './page.ts'

const page = 'docs/webhooks.md'

type Field = { path: string; type: string; presence: string; description: string }

/** Of an object, in their order; those of what lies in it follow right behind. */
function fieldsOf(schema: TSchema, prefix = ''): Field[] {
  const needed = new Set<string>(schema['required'] ?? [])
  return Object.entries<TSchema>(schema['properties'] ?? {}).flatMap(([name, part]) => {
    const path = `${prefix}${name}`
    const isList = part['type'] === 'array'
    return [
      {
        path,
        type: typeOf(part),
        presence: needed.has(name) ? 'always' : 'optional',
        description: part.description ?? '',
      },
      ...fieldsOf(objectIn(isList ? part['items'] : part), `${path}${isList ? '[]' : ''}.`),
    ]
  })
}

/** Itself, or the one of a union. */
function objectIn(schema: TSchema): TSchema {
  return variantsOf(schema).find((variant) => variant['properties'] !== undefined) ?? schema
}

function typeOf(schema: TSchema): string {
  const { type, anyOf } = schema
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' or ')
  if (schema['enum'] !== undefined) return schema['enum'].map(quoted).join(', ')
  if (schema['const'] !== undefined) return quoted(schema['const'])
  if (schema['format'] === 'date-time') return 'time'
  return type === 'array' ? `list of ${typeOf(schema['items'])}s` : String(type)
}

const quoted = (value: unknown) => `\`${String(value)}\``

/** What the kinds of messages have together, and what only some have. */
function fieldsOfMessages(): Field[] {
  const variants = variantsOf(MessageCreated.properties.data)
  const fieldsByKind = new Map(
    variants.map((variant) => [variant['properties'].kind.const, fieldsOf(variant)]),
  )
  const merged = new Map<string, Field>()
  for (const fields of fieldsByKind.values()) {
    for (const field of fields) {
      const kinds = [...fieldsByKind].flatMap(([kind, each]) =>
        each.some(({ path }) => path === field.path) ? [kind] : [],
      )
      const isOptional = field.presence === 'optional'
      const presence =
        kinds.length === variants.length
          ? field.presence
          : `\`kind\` ${kinds.map(quoted).join(' or ')}${isOptional ? '; optional' : ''}`
      const type = field.path === 'kind' ? kinds.map(quoted).join(', ') : field.type
      merged.set(field.path, { ...field, presence, type })
    }
  }
  return [...merged.values()]
}

function variantsOf(schema: TSchema): TSchema[] {
  return schema['anyOf'] ?? []
}

const fieldsByTable = {
  'message-fields': fieldsOfMessages(),
  'receipt-fields': fieldsOf(ReceiptCreated.properties.data),
  'chat-state-fields': fieldsOf(ChatStateUpdated.properties.data),
  'conversation-fields': fieldsOf(ConversationUpdated.properties.data),
}

const tableOf = {
  'message.created': 'message-fields',
  'receipt.created': 'receipt-fields',
  'chat_state.updated': 'chat-state-fields',
  'conversation.updated': 'conversation-fields',
  'conversation.closed': 'conversation-fields',
} as const

test('the tables of fields are the schemas of the events, and say something of each', async (t) => {
  for (const [name, fields] of Object.entries(fieldsByTable)) {
    const rows = fields.map(({ path, type, presence, description }) => [
      quoted(path),
      type,
      presence,
      description,
    ])
    checkTable(t, page, name, rows)
    for (const { path, type, description } of fields) {
      t.ok(description !== '' || /object/.test(type), `${name}: ${path}`)
    }
  }
  t.equal(ConversationClosed.properties.data, ConversationUpdated.properties.data, 'one table')
})

test('what the page calls most used are fields of the event', async (t) => {
  const rows = table(readPage(page), 'types')
  t.strictSame(
    rows.map(([type]) => type),
    Object.keys(tableOf).map(quoted),
  )
  for (const [type, name] of Object.entries(tableOf)) {
    const [, , used = ''] = rows.find(([each]) => each === quoted(type)) ?? []
    const paths = [...used.matchAll(/`([^`]+)`/g)].map(([, path]) => path)
    t.ok(paths.length > 0, type)
    for (const path of paths) {
      t.ok(
        fieldsByTable[name].some((field) => field.path === path),
        `${type}: ${path}`,
      )
    }
  }
})

const context = { accountId: '1', clientId: 'a', receivedAt: 0, random: 'r', apiUrl: '/' }

function eventOf(type: string, change: object) {
  const [event] = simplify({ type, body: { changes: [change] } }, context)
  if (event === undefined || !('data' in event)) throw new Error('it became no event')
  return event
}

/** Of everything that is there, as the tables name it. */
function pathsOf(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).flatMap(([name, part]) => [
    `${prefix}${name}`,
    ...pathsOf(part, `${prefix}${name}.`),
  ])
}

test('an event of which LivePerson said the least has the fields that are always there', async (t) => {
  const message = (event: object) =>
    eventOf('ms.MessagingEventNotification', { conversationId: 'c', event })
  const bare = [
    message({ type: 'ContentEvent', contentType: 'text/plain', message: 'Hi' }),
    message({ type: 'AcceptStatusEvent', status: 'READ', sequenceList: [1] }),
    message({ type: 'ChatStateEvent', chatState: 'COMPOSING' }),
    eventOf('cqm.ExConversationChangeNotification', {
      result: { convId: 'c', conversationDetails: {} },
    }),
    eventOf('cqm.ExConversationChangeNotification', {
      result: { convId: 'c', conversationDetails: { stage: 'CLOSE' } },
    }),
  ]
  t.strictSame(
    bare.map(({ type }) => type),
    Object.keys(tableOf),
  )
  for (const { type, data } of bare) {
    const always = fieldsByTable[tableOf[type]]
      .filter(({ presence }) => presence === 'always' || presence === '`kind` `text`')
      .map(({ path }) => path)
      // Nobody has joined, and nobody takes part.
      .filter((path) => !/^agent\.|\[\]/.test(path))
    t.strictSame(pathsOf(data), always, type)
  }
})

test('the notification by hand is taken', wants('curl'), async (t) => {
  const { answers } = await runCurls(t, page)
  t.strictSame(
    answers.map((answer) => JSON.parse(answer)),
    [200],
  )
})
