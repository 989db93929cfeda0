/** What LiveEngage takes about a consumer. Source, unless a comment names another: LivePerson developer center, Connector API. */
import { type Static, Type } from '@sinclair/typebox'
import { StringEnum } from '../../string-enum.ts'

const strict = { additionalProperties: false } as const

const calendarDay = Type.Object({
  day: Type.Integer(),
  month: Type.Integer(),
  year: Type.Integer(),
})

/** Source: schema userprofile/customerInfo.json; `companyBranch` from the examples page. */
export const CustomerInfo = Type.Object(
  {
    cstatus: Type.Optional(Type.String()),
    ctype: Type.Optional(Type.String()),
    customerId: Type.Optional(Type.String()),
    balance: Type.Optional(Type.Number()),
    socialId: Type.Optional(Type.String()),
    imei: Type.Optional(Type.String()),
    userName: Type.Optional(Type.String()),
    companySize: Type.Optional(Type.Integer()),
    companyBranch: Type.Optional(Type.String()),
    accountName: Type.Optional(Type.String()),
    role: Type.Optional(Type.String()),
    lastPaymentDate: Type.Optional(calendarDay),
    registrationDate: Type.Optional(calendarDay),
  },
  strict,
)
export type CustomerInfo = Static<typeof CustomerInfo>

/** All names in lower case. Source: schema userprofile/personalInfo.json. */
export const PersonalInfo = Type.Object(
  {
    firstname: Type.Optional(Type.String()),
    lastname: Type.Optional(Type.String()),
    age: Type.Optional(
      Type.Object(
        {
          age: Type.Optional(Type.Integer()),
          year: Type.Optional(Type.Integer()),
          month: Type.Optional(Type.Integer()),
          day: Type.Optional(Type.Integer()),
        },
        strict,
      ),
    ),
    contacts: Type.Optional(
      Type.Array(
        Type.Object(
          { email: Type.Optional(Type.String()), phone: Type.Optional(Type.String()) },
          strict,
        ),
        // LivePerson names no limit. This one bounds the cost of a wrong list.
        { maxItems: 100 },
      ),
    ),
    gender: Type.Optional(StringEnum(['MALE', 'FEMALE', 'OTHER'])),
    language: Type.Optional(Type.String()),
    company: Type.Optional(Type.String()),
  },
  strict,
)
export type PersonalInfo = Static<typeof PersonalInfo>

/** Only these two engagement attributes are supported. Source: Conversation page. */
const EngagementAttribute = Type.Union([
  Type.Object({ type: Type.Literal('ctmrinfo'), info: CustomerInfo }, strict),
  Type.Object({ type: Type.Literal('personal'), personal: PersonalInfo }, strict),
])

/** The older fields beside `authenticatedData` pass unchanged. Source: schema connectorapi/setUserProfile.json. */
export const SetUserProfile = Type.Object(
  {
    type: Type.Literal('userprofile.SetUserProfile'),
    body: Type.Object({
      authenticatedData: Type.Optional(
        Type.Object({ lp_sdes: Type.Array(EngagementAttribute) }, strict),
      ),
    }),
  },
  strict,
)
export type SetUserProfile = Static<typeof SetUserProfile>
