import { Type } from '@sinclair/typebox'
import { defineAction } from '../action.ts'
import type { TtrType } from '../liveengage/protocol.ts'
import { StringEnum } from '../string-enum.ts'
import { Profile, toProfile } from './set-profile.ts'

const urgencies = {
  normal: 'NORMAL',
  prioritized: 'PRIORITIZED',
  urgent: 'URGENT',
} as const satisfies Record<string, TtrType>

const strict = { additionalProperties: false } as const

export const openConversation = defineAction({
  name: 'openConversation',
  method: 'POST',
  path: '/conversations',
  tag: 'Conversation',
  summary: 'Open a conversation',
  description:
    'Sets the consumer’s profile and asks for a conversation; LiveEngage keeps one open conversation per consumer. `Location` is the base of the conversation’s routes. After a 502 or 504 the conversation may exist; its id is lost, and a retry may say `conversation-already-open`.',
  params: Type.Object({}),
  query: Type.Object({}),
  body: Type.Object(
    {
      profile: Type.Optional(Profile),
      skillId: Type.Optional(
        Type.String({
          pattern: '^(-1|[0-9]{1,10})$',
          description: 'Routes to a skill; `-1` is any. LivePerson advises campaigns instead',
        }),
      ),
      campaign: Type.Optional(
        Type.Object(
          {
            campaignId: Type.String({ pattern: '^[0-9]{1,20}$' }),
            engagementId: Type.String({ pattern: '^[0-9]{1,20}$' }),
          },
          strict,
        ),
      ),
      urgency: Type.Optional(StringEnum(['normal', 'prioritized', 'urgent'])),
      context: Type.Optional(
        Type.Object(
          {},
          {
            additionalProperties: true,
            description: 'LiveEngage’s `conversationContext`, passed on as it is',
          },
        ),
      ),
    },
    strict,
  ),
  isBodyOptional: true,
  examples: {
    plain: { summary: 'Nothing but a conversation', value: {} },
    routed: {
      summary: 'A known customer, through a campaign',
      value: {
        profile: {
          customer: { socialId: '1234567890', ctype: 'vip' },
          personal: { firstname: 'John', lastname: 'Doe' },
        },
        campaign: { campaignId: '2739101812', engagementId: '2739121912' },
        urgency: 'normal',
      },
    },
  },
  mistakenKeys: {
    campaignInfo: 'campaign',
    conversationContext: 'context',
    ttrDefName: 'urgency',
    customer: 'profile',
    personal: 'profile',
  },
  isRepeatable: false,
  priority: 'high',
  outcome: 'opened',
  translate: ({ accountId, body: { profile, skillId, campaign, urgency, context } }) => [
    { type: 'userprofile.SetUserProfile', body: toProfile(profile ?? {}) },
    {
      type: 'cm.ConsumerRequestConversation',
      body: {
        brandId: accountId,
        channelType: 'MESSAGING',
        ...(urgency !== undefined && { ttrDefName: urgencies[urgency] }),
        ...(skillId !== undefined && { skillId }),
        ...(campaign !== undefined && { campaignInfo: campaign }),
        ...(context !== undefined && { conversationContext: context }),
      },
    },
  ],
})
