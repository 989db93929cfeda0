import { type Static, Type } from '@sinclair/typebox'
import { CustomerInfo, PersonalInfo, type SetUserProfile } from '../liveengage/protocol/profile.ts'
import { defineAction } from './action.ts'

type Attribute = NonNullable<SetUserProfile['body']['authenticatedData']>['lp_sdes'][number]

/** What the agent sees about the consumer. */
export const Profile = Type.Object(
  { customer: Type.Optional(CustomerInfo), personal: Type.Optional(PersonalInfo) },
  { additionalProperties: false },
)

/** An empty profile is an empty body, as in LivePerson's smallest example. */
export function toProfile({ customer, personal }: Static<typeof Profile>): SetUserProfile['body'] {
  const attributes: Attribute[] = []
  if (customer !== undefined) attributes.push({ type: 'ctmrinfo', info: customer })
  if (personal !== undefined) attributes.push({ type: 'personal', personal })
  return attributes.length === 0 ? {} : { authenticatedData: { lp_sdes: attributes } }
}

export const setProfile = defineAction({
  name: 'setProfile',
  method: 'PUT',
  path: '/consumer/profile',
  tag: 'Consumer',
  summary: 'Set the profile of the consumer',
  description:
    'Sets what the agent sees about the consumer. The keys are those of LiveEngage’s engagement attributes `ctmrinfo` and `personal`.',
  params: Type.Object({}),
  query: Type.Object({}),
  body: Type.Object(Profile.properties, {
    additionalProperties: false,
    minProperties: 1,
  }),
  examples: {
    both: {
      summary: 'A customer and a person',
      value: {
        customer: { socialId: '1234567890', ctype: 'vip' },
        personal: { firstname: 'John', lastname: 'Doe', gender: 'MALE' },
      },
    },
  },
  mistakenKeys: { info: 'customer', ctmrinfo: 'customer' },
  isRepeatable: true,
  priority: 'normal',
  outcome: 'silent',
  translate: ({ body }) => ({ type: 'userprofile.SetUserProfile', body: toProfile(body) }),
})
