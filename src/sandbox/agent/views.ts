/** Conversations, calls and notifications as the agent's API shows them: without tokens, secrets and signatures of URLs. */
import type { Call } from '../memory/calls.ts'
import { type Conversation, type Entry, isOpen } from '../memory/conversations.ts'
import type { State } from '../memory/state.ts'
import type { Notification } from '../notifications/journal.ts'
import { memberOf } from '../services/reading.ts'
import { eventIn } from './actions.ts'

const maxListed = 100
const maxEntriesShown = 300

export function summaryOf(conversation: Conversation, ownAppInstall: string) {
  const { id, account, consumer, externalId, agent, skillId, csat, main } = conversation
  const entries = conversation.kept.map(({ entry }) => entry)
  return {
    id,
    accountId: account,
    status: main.open ? 'open' : isOpen(conversation) ? 'survey' : 'closed',
    origin: conversation.appInstallId === ownAppInstall ? 'this-app' : 'other',
    consumer: { id: consumer, name: nameOf(conversation) ?? externalId ?? consumer.slice(0, 8) },
    agent: agent ?? null,
    skillId,
    urgency: conversation.ttr.ttrType,
    csat: csat ?? null,
    closeReason: conversation.closeReason ?? null,
    surveyDialogId: conversation.survey?.id ?? null,
    unread: unreadOf(entries),
    isTyping: isTyping(entries),
    lastText: lastTextOf(entries),
    startedAt: timeOf(conversation.startedAt),
    updatedAt: timeOf(conversation.updatedAt),
    lastAt: entries.at(-1)?.receivedAt ?? timeOf(conversation.updatedAt),
  }
}
export type ConversationSummary = ReturnType<typeof summaryOf>

/** With its events: the newest 300, or those after a number. */
export function detailOf(conversation: Conversation, ownAppInstall: string, after = 0) {
  const entries = conversation.kept.map(({ entry }) => entry)
  return {
    ...summaryOf(conversation, ownAppInstall),
    profile: conversation.profile ?? null,
    entries: entries.filter(({ number }) => number > after).slice(-maxEntriesShown),
    isWhole: entries.length <= maxEntriesShown,
  }
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

/** The name in the consumer's profile, wherever a connector puts it. */
function nameOf({ profile }: Conversation): string | undefined {
  const names = [memberOf(profile, 'firstName'), memberOf(profile, 'lastName')]
  const attributes = memberOf(memberOf(profile, 'authenticatedData'), 'lp_sdes')
  for (const attribute of Array.isArray(attributes) ? attributes : []) {
    const personal = memberOf(attribute, 'personal')
    names.push(memberOf(personal, 'firstname'), memberOf(personal, 'lastname'))
  }
  const given = names.filter((name) => typeof name === 'string' && name !== '')
  return given.length === 0 ? undefined : given.join(' ')
}

function isContent(entry: Entry): boolean {
  const type = eventIn(entry)?.['type']
  return type === 'ContentEvent' || type === 'RichContentEvent'
}

function unreadOf(entries: readonly Entry[]): number {
  const read = new Set<unknown>()
  for (const entry of entries) {
    const event = eventIn(entry)
    const list = event?.['status'] === 'READ' ? event['sequenceList'] : undefined
    if (entry.by.role === 'CONSUMER' || !Array.isArray(list)) continue
    for (const sequence of list) read.add(`${entry.dialogId} ${sequence}`)
  }
  return entries.filter(
    (entry) =>
      entry.by.role === 'CONSUMER' &&
      isContent(entry) &&
      !read.has(`${entry.dialogId} ${entry.sequence}`),
  ).length
}

/** COMPOSING lasts until another state comes; a message does not end it. Source: Send page. */
function isTyping(entries: readonly Entry[]): boolean {
  const last = entries.findLast(
    (entry) => entry.by.role === 'CONSUMER' && eventIn(entry)?.['type'] === 'ChatStateEvent',
  )
  return last !== undefined && eventIn(last)?.['chatState'] === 'COMPOSING'
}

function lastTextOf(entries: readonly Entry[]): string | null {
  const last = entries.findLast(isContent)
  if (last === undefined) return null
  const event = eventIn(last)
  const message = event?.['message']
  if (typeof message === 'string') return [...message].slice(0, 120).join('')
  return event?.['type'] === 'RichContentEvent' ? 'A card' : 'A picture'
}

export function callRow(call: Call) {
  const { id, number, service, method, conversationId, remarks, rule, answer, receivedAt } = call
  return {
    id,
    number,
    service,
    method,
    url: redact(call.url),
    conversationId: conversationId ?? null,
    remarks,
    rule: rule ?? null,
    status: answer?.status ?? null,
    ms: answer?.ms ?? null,
    what: typeOf(call.body),
    receivedAt: timeOf(receivedAt),
  }
}
export type CallRow = ReturnType<typeof callRow>

export function callView(call: Call) {
  const { headers, body, answer } = call
  const secret = ['authorization', 'x-lp-on-behalf']
  const shown = Object.entries(headers).map(([name, value]) => [
    name,
    secret.includes(name) ? '[redacted]' : value,
  ])
  const isBinary = call.service === 'upload' || call.service === 'download'
  return {
    ...callRow(call),
    headers: Object.fromEntries(shown),
    body: isBinary ? lengthOf(body) : redacted(body),
    answer: answer === undefined ? null : isBinary ? lengthOf(answer.body) : redacted(answer.body),
  }
}

function lengthOf(body: unknown): string | null {
  return typeof body === 'string' ? `${body.length} characters of a file` : null
}

/** The event or command of a document, in a word. */
function typeOf(body: unknown): string | null {
  const document = Array.isArray(body) ? body[1] : body
  const event = memberOf(memberOf(document, 'body'), 'event')
  const field = memberOf(memberOf(memberOf(document, 'body'), 'conversationField'), 'field')
  const type = memberOf(event, 'type') ?? field ?? memberOf(document, 'type')
  return typeof type === 'string' ? type.slice(0, 64) : null
}

function redacted(value: unknown): unknown {
  if (value === undefined) return null
  return typeof value === 'string' ? redact(value) : JSON.parse(redact(JSON.stringify(value)))
}

/** Tokens, the client's secret, and the signatures of temporary URLs. */
function redact(text: string): string {
  return text
    .replace(/eyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[redacted]')
    .replace(/(client_secret=|temp_url_sig=)[^&\s"]+/g, '$1[redacted]')
    .replace(/("temp_url_sig":")[^"]+/g, '$1[redacted]')
}

export function notificationRow(notification: Notification) {
  const { id, number, account, conversationId, kind, raw, note, state, attempts } = notification
  const last = attempts.at(-1)
  return {
    id,
    number,
    accountId: account,
    conversationId,
    kind,
    note: note ?? null,
    state,
    bytes: Buffer.byteLength(raw),
    attempts: attempts.length,
    status: last?.status ?? null,
    error: last?.error ?? null,
    ms: last?.ms ?? null,
    createdAt: timeOf(notification.createdAt),
  }
}
export type NotificationRow = ReturnType<typeof notificationRow>

export function notificationView(notification: Notification) {
  const attempts = notification.attempts.map(({ at, ...attempt }) => ({
    at: timeOf(at),
    ...attempt,
  }))
  return { ...notificationRow(notification), body: notification.raw, history: attempts }
}

type Page = { limit?: string; before?: string }

/** At most 100 or as many as asked for, from before a number. */
export function rangeOf({ limit, before }: Page): [limit: number, before: number] {
  return [Number(limit ?? maxListed), Number(before ?? Number.POSITIVE_INFINITY)]
}

/** Of items, the newest first. */
export function page<T extends { number: number }>(items: readonly T[], query: Page): T[] {
  const [limit, before] = rangeOf(query)
  return items.filter(({ number }) => number < before).slice(0, limit)
}

export function overviewOf({
  accountId,
  clientId,
  isStrict,
  proxyUrl,
  installs,
  faults,
  conversations,
  calls,
}: State) {
  return {
    accountId,
    clientId,
    isStrict,
    proxyUrl,
    webhook: { ...installs.settings(), url: installs.settings().url ?? null },
    installs: installs.views().map(({ nextAttemptAt, ...install }) => ({
      ...install,
      nextAttemptAt: nextAttemptAt === undefined ? null : timeOf(nextAttemptAt),
    })),
    faults: faults.all(),
    counts: {
      conversations: conversations.size(),
      calls: calls.size(),
      notifications: installs.journal.size(),
    },
  }
}
export type Overview = ReturnType<typeof overviewOf>
