import { Type } from '@sinclair/typebox'
import { ConversationParams, DialogId, defineAction } from '../action.ts'
import type { ChatState, PublishEvent } from '../liveengage/protocol.ts'
import { StringEnum } from '../string-enum.ts'

const states = {
  active: 'ACTIVE',
  inactive: 'INACTIVE',
  gone: 'GONE',
  composing: 'COMPOSING',
  pause: 'PAUSE',
} as const satisfies Record<string, ChatState>

/** The command that every change of presence is. */
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
  summary: 'Say where the consumer is',
  description:
    '`active`: in the chat; `inactive`: elsewhere, the app still open; `gone`: the app is closed; `composing` and `pause`: typing and no longer typing.',
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
