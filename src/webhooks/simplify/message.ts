/** Messages: texts, files, cards, forms, and other kinds. */
import {
  FileContent,
  FormContent,
  type MessageChange,
  type QuickReplies,
  RichContent,
  TextContent,
} from '../../liveengage/protocol/notifications.ts'
import type { Message, MessageCreated } from '../events.ts'
import { asTime, type Context } from './change.ts'
import { eventId } from './event-id.ts'
import { isDeeperThan, isObject, mostLevels, readLeniently } from './lenient.ts'
import { audienceOf, placeOf, senderOf } from './message-change.ts'

/** @param json the change as it came */
export function simplifyMessage(
  change: MessageChange,
  conversationId: string,
  json: unknown,
  context: Context,
): MessageCreated {
  const { sequence, metadata, dialogId } = change
  return {
    id: eventId(context.accountId, [dialogId, sequence], json),
    type: 'message.created',
    timestamp: asTime(change.serverTimestamp ?? context.receivedAt),
    data: {
      ...placeOf(change, conversationId, context),
      ...(sequence !== undefined && { sequence }),
      sender: senderOf(change),
      audience: audienceOf(change),
      ...(metadata !== undefined && { metadata }),
      ...contentOf(change.event, conversationId, context),
    },
  }
}

type ContentOf<M> = M extends { kind: infer K }
  ? { kind: K } & Omit<M, keyof MessageChange | 'accountId' | 'sender' | 'audience'>
  : never
type Content = ContentOf<Message>

function contentOf(
  event: MessageChange['event'],
  conversationId: string,
  { apiUrl }: Context,
): Content {
  const other: Content = { kind: 'other', raw: event }
  if (event['type'] === 'RichContentEvent') return cardOf(event) ?? other
  return textOf(event) ?? fileOf(event, conversationId, apiUrl) ?? formOf(event) ?? other
}

function textOf(event: MessageChange['event']): Content | undefined {
  const content = readLeniently(TextContent, event)
  if (content === undefined) return undefined
  return { kind: 'text', text: content.message, ...quickRepliesOf(content.quickReplies) }
}

function cardOf(event: MessageChange['event']): Content | undefined {
  const content = readLeniently(RichContent, withJson(event, 'content'))
  if (content === undefined) return undefined
  return { kind: 'card', card: content.content, ...quickRepliesOf(content.quickReplies) }
}

function fileOf(
  event: MessageChange['event'],
  conversationId: string,
  apiUrl: string,
): Content | undefined {
  const file = readLeniently(FileContent, withJson(event, 'message'))?.message
  if (file === undefined) return undefined
  const { caption, relativePath, fileType, preview } = file
  const path = `${conversationId}/files/${relativePath.replace(/^\//, '')}`
  // A lone surrogate has no percent-encoding, and names no file.
  if (/\p{Surrogate}/u.test(path)) return undefined
  const href = `${apiUrl}conversations/${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}`
  return {
    kind: 'file',
    file: {
      ...(caption !== undefined && { caption }),
      relativePath,
      fileType,
      ...(preview !== undefined && { preview }),
      href,
    },
  }
}

function formOf(event: MessageChange['event']): Content | undefined {
  const form = readLeniently(FormContent, withJson(event, 'message'))?.message
  return form === undefined ? undefined : { kind: 'form', form }
}

/** In the history API it is a JSON string, elsewhere an object. */
function withJson(event: MessageChange['event'], name: string): MessageChange['event'] {
  const text = event[name]
  if (typeof text !== 'string') return event
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) && !isDeeperThan(mostLevels, value) ? { ...event, [name]: value } : event
  } catch {
    return event
  }
}

function quickRepliesOf(quickReplies: QuickReplies | undefined): {
  quickReplies?: { title: string; text: string }[]
} {
  const replies = (quickReplies?.replies ?? []).flatMap(({ title: given, click }) => {
    const [action] = click?.actions ?? []
    const title = given ?? action?.text
    if (title === undefined) return []
    const metadata = click?.metadata
    const text = action?.text ?? title
    return [{ title, text, ...(metadata !== undefined && { metadata }) }]
  })
  return replies.length === 0 ? {} : { quickReplies: replies }
}
