import { Type } from '@sinclair/typebox'
import type { PublishEvent } from '../liveengage/protocol/commands.ts'
import type { ChatState } from '../liveengage/protocol/values.ts'
import { StringEnum } from '../string-enum.ts'
import { ConversationParams, DialogId, defineAction } from './action.ts'

const states = {
  active: 'ACTIVE',
  inactive: 'INACTIVE',
  gone: 'GONE',
  composing: 'COMPOSING',
  pause: 'PAUSE',
} as const satisfies Record<string, ChatState>

/** The command of every chat state. */
export function chatState(dialogId: string, state: ChatState): PublishEvent {
  return {
    type: 'ms.PublishEvent',
    body: { dialogId, event: { type: 'ChatStateEvent', chatState: state } },
  }
}

export const setChatState = defineAction({
  name: 'setChatState',
  method: 'PUT',
  path: '/conversations/:id/chat-state',
  tag: 'Presence',
  summary: 'Set the chat state of the consumer',
  description:
    '`active`: the consumer is in the chat. `inactive`: the app is open, but the consumer is elsewhere. `gone`: the app is closed. `composing` and `pause`: the consumer is typing, or has stopped typing.',
  params: ConversationParams,
  query: Type.Object({}),
  body: Type.Object(
    {
      state: StringEnum(['active', 'inactive', 'gone', 'composing', 'pause']),
      dialogId: Type.Optional(DialogId),
    },
    { additionalProperties: false },
  ),
  examples: { active: { summary: 'The consumer is in the chat', value: { state: 'active' } } },
  mistakenKeys: { chatState: 'state', status: 'state' },
  isRepeatable: true,
  priority: 'low',
  outcome: 'silent',
  translate: ({ params, body }) => chatState(body.dialogId ?? params.id, states[body.state]),
})
