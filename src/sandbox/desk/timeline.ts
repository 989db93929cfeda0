/** A conversation as the desk shows it, from its events: messages with their receipts, and notes of what happened between them. */
import type { Entry } from '../memory/conversations.ts'
import { isObject, memberOf } from '../services/reading.ts'

export type Side = 'consumer' | 'agent' | 'bot' | 'system'

export type Message = {
  kind: 'message'
  number: number
  side: Side
  role: string
  sequence: number | undefined
  isSurvey: boolean
  isInternal: boolean
  text: string | undefined
  file: { relativePath: string; caption: string | undefined } | undefined
  card: readonly string[] | undefined
  buttons: readonly string[]
  /** The receipt of the other side. */
  receipt: 'sent' | 'delivered' | 'read'
  remarks: readonly string[]
  at: string
}

export type Note = {
  kind: 'note'
  number: number
  text: string
  remarks: readonly string[]
  at: string
}

/** The messages as both sides see them, oldest first. */
export function timelineOf(
  conversationId: string,
  entries: readonly Entry[],
): readonly (Message | Note)[] {
  const receipts = receiptsOf(entries)
  return entries.flatMap((entry): (Message | Note)[] => {
    const event = memberOf(entry.body, 'event')
    const type = memberOf(event, 'type')
    if (type === 'ChatStateEvent') return []
    if (type === 'ContentEvent' || type === 'RichContentEvent') {
      return [messageOf(conversationId, entry, event, receipts)]
    }
    const text = noteOf(entry)
    if (text === undefined) return []
    const { number, remarks = [], receivedAt: at } = entry
    return [{ kind: 'note', number, text, remarks, at }]
  })
}

function messageOf(
  conversationId: string,
  entry: Entry,
  event: unknown,
  receipts: ReadonlyMap<string, Message['receipt']>,
): Message {
  const { number, sequence, by, dialogId, audience, remarks = [], receivedAt: at } = entry
  const message = memberOf(event, 'message')
  const relativePath = memberOf(message, 'relativePath')
  const side = sideOf(by.role)
  return {
    kind: 'message',
    number,
    side,
    role: by.role,
    sequence,
    isSurvey: dialogId !== conversationId,
    isInternal: audience === 'AGENTS_AND_MANAGERS',
    text: typeof message === 'string' ? message : undefined,
    file:
      typeof relativePath === 'string'
        ? { relativePath, caption: textOrNothing(memberOf(message, 'caption')) }
        : undefined,
    card:
      memberOf(event, 'type') === 'RichContentEvent'
        ? textsOf(memberOf(event, 'content'))
        : undefined,
    buttons: buttonsOf(memberOf(memberOf(event, 'quickReplies'), 'replies')),
    receipt: receipts.get(receiptKey(side === 'consumer', dialogId, sequence)) ?? 'sent',
    remarks,
    at,
  }
}

export function sideOf(role: string): Side {
  if (role === 'CONSUMER') return 'consumer'
  if (role === 'CONTROLLER') return 'system'
  return role === 'AGENT' ? 'bot' : 'agent'
}

/** The furthest receipt of each message, by whose message it is, its dialog and its number. */
function receiptsOf(entries: readonly Entry[]): ReadonlyMap<string, Message['receipt']> {
  const receipts = new Map<string, Message['receipt']>()
  for (const { by, dialogId, body } of entries) {
    const event = memberOf(body, 'event')
    const status = memberOf(event, 'status')
    const list = memberOf(event, 'sequenceList')
    if (!Array.isArray(list) || (status !== 'ACCEPT' && status !== 'READ')) continue
    for (const sequence of list) {
      const key = receiptKey(by.role !== 'CONSUMER', dialogId, sequence)
      if (receipts.get(key) !== 'read') receipts.set(key, status === 'READ' ? 'read' : 'delivered')
    }
  }
  return receipts
}

function receiptKey(isConsumers: boolean, dialogId: string, sequence: number | undefined): string {
  return `${isConsumers ? 'consumer' : 'agent'} ${dialogId} ${sequence}`
}

/** What happened besides messages, in a sentence; undefined for what the talk does not show. */
function noteOf({ type, body, by }: Entry): string | undefined {
  const who = by.role === 'CONSUMER' ? 'The consumer' : 'The agent'
  switch (type) {
    case 'cm.ConsumerRequestConversation':
      return 'The consumer opened the conversation.'
    case 'userprofile.SetUserProfile':
      return Object.keys(isObject(body) ? body : {}).length === 0
        ? undefined
        : 'The consumer’s profile was set.'
    case 'cm.UpdateConversationField':
      return updateNote(memberOf(body, 'conversationField'))
    case 'sandbox.Change':
      return changeNote(body)
    default: {
      const status = memberOf(memberOf(body, 'event'), 'status')
      if (status === 'ACTION') return `${who} pressed a button.`
      if (status === 'ACCESS') return `${who} opened a file.`
      return status === 'NACK' ? `${who} did not get a message.` : undefined
    }
  }
}

function updateNote(field: unknown): string | undefined {
  switch (memberOf(field, 'field')) {
    case 'ConversationStateField':
      return 'The consumer closed the conversation.'
    case 'DialogChange':
      return 'The consumer closed the dialog.'
    case 'CSATRate':
      return `The consumer rated ${memberOf(field, 'csatRate')} of 5.`
    case 'TTRField':
      return `The urgency is ${String(memberOf(field, 'ttrType')).toLowerCase()} now.`
    default:
      return `The skill is ${memberOf(field, 'skill')} now.`
  }
}

function changeNote(change: unknown): string | undefined {
  const name = memberOf(change, 'name')
  switch (memberOf(change, 'what')) {
    case 'joined':
      return `${name} joined.`
    case 'suggested':
      return `It was offered to ${name}.`
    case 'transferred':
      return `It was transferred to skill ${memberOf(change, 'skillId')}.`
    case 'rated':
      return `The consumer rated ${memberOf(change, 'rating')} of 5.`
    case 'closed':
      return `${memberOf(change, 'by') === 'CONSUMER' ? 'The consumer' : memberOf(change, 'by') === 'SYSTEM' ? 'The system' : 'The agent'} closed the ${memberOf(change, 'survey') === true ? 'conversation; a survey follows' : 'conversation'}.`
    default:
      return undefined
  }
}

/** All texts and titles of structured content. */
function textsOf(content: unknown): string[] {
  const own = [memberOf(content, 'text'), memberOf(content, 'title'), memberOf(content, 'url')]
  const elements = memberOf(content, 'elements')
  return [
    ...own.filter((text) => typeof text === 'string'),
    ...(Array.isArray(elements) ? elements.flatMap(textsOf) : []),
  ]
}

function buttonsOf(replies: unknown): string[] {
  return (Array.isArray(replies) ? replies : [])
    .map((reply) => memberOf(reply, 'title'))
    .filter((title) => typeof title === 'string')
}

function textOrNothing(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
