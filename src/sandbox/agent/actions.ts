/** What an agent does in a conversation. */
import { notify, publish, remember, say, tellChange } from '../happenings.ts'
import type { Conversation, Entry, Party } from '../memory/conversations.ts'
import { agents, controller } from '../memory/parties.ts'
import type { State } from '../memory/state.ts'
import type { Notification } from '../notifications/journal.ts'
import { messageNotification } from '../notifications/message.ts'
import { isObject, memberOf } from '../services/reading.ts'
import type { NewMessage } from './schemas.ts'

/** The agent joins. LivePerson sends this before anything that the agent does. */
export function join(state: State, conversation: Conversation, agentId?: string): void {
  assign(state, conversation, 'ACTIVE', agentId)
}

/** The conversation rings at an agent, who has not accepted it yet. */
export function suggest(state: State, conversation: Conversation, agentId?: string): void {
  assign(state, conversation, 'SUGGESTED', agentId)
}

function assign(
  state: State,
  conversation: Conversation,
  standing: 'ACTIVE' | 'SUGGESTED',
  agentId: string | undefined,
): void {
  const wanted = agentId ?? conversation.agent?.id ?? agents[0].id
  const { id, name } = agents.find((agent) => agent.id === wanted) ?? { id: wanted, name: wanted }
  leave(conversation)
  conversation.agent = { id, name, state: standing }
  conversation.main.parties.push({ id, role: 'ASSIGNED_AGENT', state: standing })
  const what = standing === 'ACTIVE' ? 'joined' : 'suggested'
  remember(state, conversation, { id, role: 'ASSIGNED_AGENT' }, { what, name })
  tellChange(state, conversation)
}

function leave(conversation: Conversation): void {
  const { main, agent } = conversation
  const at = main.parties.findIndex(({ id, role }) => id === agent?.id && role !== 'CONSUMER')
  if (at >= 0) main.parties.splice(at, 1)
  delete conversation.agent
}

/** To a skill: the agent goes, and nobody has come yet. */
export function transfer(state: State, conversation: Conversation, skillId: string): void {
  const by = agentOf(conversation)
  leave(conversation)
  conversation.skillId = skillId
  remember(state, conversation, by, { what: 'transferred', skillId })
  tellChange(state, conversation)
}

/** Whoever acts has joined: the desk and scripts need no extra step. */
export function present(state: State, conversation: Conversation): Party {
  if (conversation.agent?.state !== 'ACTIVE') join(state, conversation)
  return agentOf(conversation)
}

export function agentOf({ agent }: Conversation): Party {
  return { id: agent?.id ?? agents[0].id, role: 'ASSIGNED_AGENT' }
}

/** @returns the sequence */
export function write(state: State, conversation: Conversation, message: NewMessage): number {
  const event = eventOf(message)
  const { sequence, change, kind } = say(
    state,
    conversation,
    event,
    writer(state, conversation, message),
    {
      ...(message.audience === 'internal' ? { audience: 'AGENTS_AND_MANAGERS' } : {}),
      ...(message.metadata === undefined ? {} : { metadata: message.metadata }),
    },
  )
  notify(state, conversation, kind, messageNotification([change]))
  return sequence
}

function writer(state: State, conversation: Conversation, { role }: NewMessage): Party {
  if (role === 'CONTROLLER') return controller
  const { id } = present(state, conversation)
  return { id, role: role ?? 'ASSIGNED_AGENT' }
}

export function eventOf({ text, quickReplies, card, file }: NewMessage): { type: string } {
  if (card !== undefined) return { type: 'RichContentEvent', ...{ content: card } }
  if (file !== undefined) {
    return { type: 'ContentEvent', ...{ message: file, contentType: 'hosted/file' } }
  }
  const replies = quickReplies === undefined ? {} : { quickReplies: buttons(quickReplies) }
  return { type: 'ContentEvent', ...{ message: text, contentType: 'text/plain', ...replies } }
}

function buttons(titles: readonly string[]): object {
  const replies = titles.map((title, at) => ({
    type: 'button',
    title,
    tooltip: title,
    click: {
      actions: [{ type: 'publishText', text: title }],
      metadata: [{ type: 'ExternalId', id: `reply-${at + 1}` }],
    },
  }))
  return { type: 'quickReplies', itemsPerRow: 8, replies }
}

export function type(state: State, conversation: Conversation, chatState: string): void {
  const event = { type: 'ChatStateEvent', chatState: chatState.toUpperCase() }
  const { change, kind } = say(state, conversation, event, present(state, conversation))
  notify(state, conversation, kind, messageNotification([change]))
}

/** @returns the messages that got it: none if all have this receipt already */
export function receive(
  state: State,
  conversation: Conversation,
  status: string,
  sequences?: readonly number[],
): readonly number[] {
  const by = present(state, conversation)
  const sequenceList = sequences ?? unreceived(conversation, status.toUpperCase())
  if (sequenceList.length === 0) return sequenceList
  const event = { type: 'AcceptStatusEvent', ...{ status: status.toUpperCase(), sequenceList } }
  const { change, kind } = say(state, conversation, event, by)
  notify(state, conversation, kind, messageNotification([change]))
  return sequenceList
}

/** The consumer's messages in the main dialog that have no receipt of this status from the other side. */
function unreceived({ id, kept }: Conversation, status: string): number[] {
  const entries = kept.map(({ entry }) => entry).filter(({ dialogId }) => dialogId === id)
  const received = new Set(
    entries.flatMap((entry) => {
      const event = eventIn(entry)
      const isIt = entry.by.role !== 'CONSUMER' && event?.['status'] === status
      return isIt ? [event['sequenceList']].flat() : []
    }),
  )
  return entries
    .filter((entry) => entry.by.role === 'CONSUMER' && isContent(eventIn(entry)))
    .map(({ sequence }) => Number(sequence))
    .filter((sequence) => !received.has(sequence))
}

export function eventIn({ body }: Entry): Record<string, unknown> | undefined {
  const event = memberOf(body, 'event')
  return isObject(event) ? event : undefined
}

function isContent(event: Record<string, unknown> | undefined): boolean {
  return event?.['type'] === 'ContentEvent' || event?.['type'] === 'RichContentEvent'
}

/** After the close; sent as the closed state once more. Source: lp-devassist-connectors. */
export function rate(
  state: State,
  conversation: Conversation,
  rating: number,
  isResolved: boolean,
): Notification {
  conversation.csat = {
    csatRate: rating,
    csatResolutionConfirmation: isResolved,
    status: 'FILLED',
  }
  const by = { id: conversation.consumer, role: 'CONSUMER' } as const
  remember(state, conversation, by, { what: 'rated', rating })
  return tellChange(state, conversation)
}

/** Another channel's consumer writes: the app hears of every conversation of its account. Source: lp-devassist-connectors. */
export function writeElsewhere(state: State, conversation: Conversation, text: string): number {
  const by = { id: conversation.consumer, role: 'CONSUMER' } as const
  const event = { type: 'ContentEvent', message: text, contentType: 'text/plain' }
  const body = { dialogId: conversation.id, event }
  const receivedAt = new Date(state.now()).toISOString()
  const entry = { by, dialogId: conversation.id, type: 'ms.PublishEvent', body, receivedAt }
  return publish(state, conversation, event, entry, JSON.stringify(body).length)
}
