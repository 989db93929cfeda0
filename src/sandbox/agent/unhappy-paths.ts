/** Failures between LivePerson and an app, on purpose. */
import { randomBytes, randomUUID } from 'node:crypto'
import { notify, say, tellChange } from '../happenings.ts'
import type { Conversation } from '../memory/conversations.ts'
import { otherAppInstall } from '../memory/parties.ts'
import type { State } from '../memory/state.ts'
import type { Notification } from '../notifications/journal.ts'
import { messageNotification, oldForm } from '../notifications/message.ts'
import { present, writeElsewhere } from './actions.ts'
import type { UnhappyPath } from './schemas.ts'

const largeBytes = 900_000
const floodCount = 500

/** @returns a sentence on what was done */
export function takeUnhappyPath(
  state: State,
  conversation: Conversation,
  { kind, count = floodCount, bytes = largeBytes }: UnhappyPath,
): string {
  switch (kind) {
    case 'duplicate': {
      const [last] = state.installs.journal.all().filter(isRepeatable(conversation))
      if (last === undefined) return 'There is no notification of this conversation to send again.'
      state.installs.repeat(last)
      return `The ${last.kind} ${last.id} was sent again, byte for byte.`
    }
    case 'swapped': {
      const [first, second] = [
        spoken(state, conversation, 'This was said first.'),
        spoken(state, conversation, 'This was said second.'),
      ]
      tell(state, conversation, [second], { note: 'swapped: the second one first' })
      tell(state, conversation, [first], { note: 'swapped: the first one second' })
      return `Sequence ${second.sequence} was sent before ${first.sequence}.`
    }
    case 'two-in-one': {
      const changes = [
        spoken(state, conversation, 'One.'),
        spoken(state, conversation, 'Two, in the same notification.'),
      ]
      tell(state, conversation, changes, { note: 'two changes in one notification' })
      return 'Two messages were sent in one notification.'
    }
    case 'wrong-signature': {
      const change = spoken(state, conversation, 'Nobody should believe this.')
      const strayWith = `sha1=${randomBytes(20).toString('base64')}`
      tell(state, conversation, [change], { note: 'a wrong signature', strayWith })
      return 'A notification with a wrong signature was sent, once and outside the app install.'
    }
    case 'old-form': {
      const change = spoken(state, conversation, 'As LivePerson wrote in 2018.')
      notify(state, conversation, 'ContentEvent', oldForm(messageNotification([change])), {
        note: 'the old form, without conversationId and messageAudience',
      })
      return 'A notification without conversationId and messageAudience was sent.'
    }
    case 'other-channel': {
      const other = openElsewhere(state, conversation.account, 'Hello from the web chat.')
      return `The conversation ${other.id} of another channel was opened.`
    }
    case 'unknown-type': {
      const event = { type: 'HologramEvent', shape: 'cube' }
      const { change } = say(state, conversation, event, present(state, conversation))
      tell(state, conversation, [change], { note: 'an unknown type of event' })
      return 'An event of a type that is documented nowhere was sent.'
    }
    case 'large': {
      const change = spoken(state, conversation, 'A large one.', {
        metadata: [{ type: 'ExternalId', id: 'x'.repeat(bytes) }],
      })
      tell(state, conversation, [change], { note: `${bytes} bytes of metadata` })
      return `A notification of more than ${bytes} bytes was sent.`
    }
    case 'flood': {
      const install = state.installs.of(conversation.account)
      install.hold()
      for (let number = 1; number <= count; number++) {
        const change = spoken(state, conversation, `Message ${number} of ${count}.`)
        tell(state, conversation, [change], { note: 'a flood after an outage' })
      }
      install.release()
      return `${count} notifications were stored as in an outage, and then sent at once.`
    }
  }
}

function spoken(
  state: State,
  conversation: Conversation,
  message: string,
  extras: { metadata?: unknown } = {},
) {
  const event = { type: 'ContentEvent', message, contentType: 'text/plain' }
  return say(state, conversation, event, present(state, conversation), extras).change
}

function tell(
  state: State,
  conversation: Conversation,
  changes: Parameters<typeof messageNotification>[0],
  special: { note: string; strayWith?: string },
): void {
  notify(state, conversation, 'ContentEvent', messageNotification(changes), special)
}

function isRepeatable({ id, account }: Conversation) {
  return (notification: Notification) =>
    notification.conversationId === id &&
    notification.account === account &&
    !notification.isStray &&
    notification.kind !== 'ChatStateEvent'
}

/** As the app sees it: not its own conversation, but one of its account. */
export function openElsewhere(state: State, account: string, text?: string): Conversation {
  const conversation = state.conversations.create({
    account,
    id: randomUUID(),
    consumer: randomBytes(32).toString('hex'),
    appInstallId: otherAppInstall,
  })
  tellChange(state, conversation)
  if (text !== undefined) writeElsewhere(state, conversation, text)
  return conversation
}
