import { Type } from '@sinclair/typebox'
import type { TtrType } from '../liveengage/protocol/values.ts'
import { StringEnum } from '../string-enum.ts'
import { defineAction } from './action.ts'
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
    'Sets the consumer’s profile and opens a conversation. LiveEngage keeps one open conversation per consumer. `Location` is the base of the conversation’s routes. After a 502 or 504 the conversation may exist; its id is lost, and a retry may fail with `conversation-already-open`.',
  params: Type.Object({}),
  query: Type.Object({}),
  body: Type.Object(
    {
      profile: Type.Optional(Profile),
      skillId: Type.Optional(
        Type.String({
          pattern: '^(-1|[0-9]{1,10})$',
          description:
            'The id of a skill: 1 to 10 digits, or -1 for any skill. LivePerson recommends campaigns instead',
        }),
      ),
      campaign: Type.Optional(
        Type.Object(
          {
            campaignId: Type.String({
              pattern: '^[0-9]{1,20}$',
              description: 'The id of a campaign: 1 to 20 digits',
            }),
            engagementId: Type.String({
              pattern: '^[0-9]{1,20}$',
              description: 'The id of an engagement: 1 to 20 digits',
            }),
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
            description: 'LiveEngage’s `conversationContext`, sent unchanged',
          },
        ),
      ),
    },
    strict,
  ),
  hasOptionalBody: true,
  examples: {
    plain: { summary: 'A conversation without a profile', value: {} },
    routed: {
      summary: 'A known customer, routed by a campaign',
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
