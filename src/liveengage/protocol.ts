/**
 * The wire contract of LiveEngage's Connector API: what is sent and what comes back, nothing of how.
 * Source, unless a comment names another: LivePerson developer center, Connector API, "Send" and "Conversation" pages.
 */
import { type Static, type TObject, type TProperties, Type } from '@sinclair/typebox'
import { StringEnum } from '../string-enum.ts'

const strict = { additionalProperties: false } as const

/** Domain API service names; they are case sensitive. Source: Domain API page. */
export const Service = StringEnum(['asyncMessagingEnt', 'sentinel', 'idp', 'swift'])
export type Service = Static<typeof Service>

export const ChatState = StringEnum(['ACTIVE', 'INACTIVE', 'GONE', 'COMPOSING', 'PAUSE'])
export type ChatState = Static<typeof ChatState>

export const AcceptStatus = StringEnum(['ACCEPT', 'READ', 'ACCESS', 'NACK', 'ACTION'])
export type AcceptStatus = Static<typeof AcceptStatus>

/** Source: examples page, file sharing. */
export const FileType = StringEnum(['JPG', 'JPEG', 'PNG', 'GIF'])
export type FileType = Static<typeof FileType>

export const TtrType = StringEnum(['CUSTOM', 'NORMAL', 'PRIORITIZED', 'URGENT'])
export type TtrType = Static<typeof TtrType>

/** Source: schema types/csat.json. */
export const CsatStatus = StringEnum(['FILLED', 'PARTIALLY_FILLED', 'SKIPPED'])
export type CsatStatus = Static<typeof CsatStatus>

/** Travels at the envelope's top level, beside `body`. Source: schema infra/req.json. */
export const Metadata = Type.Array(Type.Object({ type: Type.String({ minLength: 1 }) }))
export type Metadata = Static<typeof Metadata>

const TextContent = Type.Object(
  {
    type: Type.Literal('ContentEvent'),
    contentType: Type.Literal('text/plain'),
    message: Type.String({ minLength: 1 }),
  },
  strict,
)

/** `message` is an object although the page's table says "array". Source: examples page. */
const FileContent = Type.Object(
  {
    type: Type.Literal('ContentEvent'),
    contentType: Type.Literal('hosted/file'),
    message: Type.Object(
      {
        caption: Type.Optional(Type.String()),
        relativePath: Type.String({ minLength: 1 }),
        fileType: FileType,
        preview: Type.Optional(Type.String()),
      },
      strict,
    ),
  },
  strict,
)

const ChatStateEvent = Type.Object(
  { type: Type.Literal('ChatStateEvent'), chatState: ChatState },
  strict,
)

const AcceptStatusEvent = Type.Object(
  {
    type: Type.Literal('AcceptStatusEvent'),
    status: AcceptStatus,
    sequenceList: Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1 }),
  },
  strict,
)

/** `conversationId` beside `dialogId` is accepted, not needed. Source: lp-devassist-connectors. */
export const PublishEvent = Type.Object(
  {
    type: Type.Literal('ms.PublishEvent'),
    body: Type.Object(
      {
        conversationId: Type.Optional(Type.String({ minLength: 1 })),
        dialogId: Type.String({ minLength: 1 }),
        event: Type.Union([TextContent, FileContent, ChatStateEvent, AcceptStatusEvent]),
      },
      strict,
    ),
  },
  strict,
)
export type PublishEvent = Static<typeof PublishEvent>

const ConversationStateField = Type.Object(
  { field: Type.Literal('ConversationStateField'), conversationState: Type.Literal('CLOSE') },
  strict,
)

/** Closes one dialog, which lets a post-conversation survey start. Source: Messaging Window PCS tutorial. */
const DialogChange = Type.Object(
  {
    field: Type.Literal('DialogChange'),
    type: Type.Literal('UPDATE'),
    dialog: Type.Object(
      {
        dialogId: Type.String({ minLength: 1 }),
        state: Type.Literal('CLOSE'),
        closedCause: Type.String({ minLength: 1 }),
      },
      strict,
    ),
  },
  strict,
)

const CsatRate = Type.Object(
  {
    field: Type.Literal('CSATRate'),
    csatRate: Type.Integer({ minimum: 1, maximum: 5 }),
    csatResolutionConfirmation: Type.Boolean(),
    status: CsatStatus,
  },
  strict,
)

/** `value` in seconds. */
const TtrField = Type.Object(
  {
    field: Type.Literal('TTRField'),
    ttrType: TtrType,
    value: Type.Integer({ minimum: 0 }),
  },
  strict,
)

/** Documented on the agent side; whether a consumer may send it is not said. */
const SkillField = Type.Object(
  {
    field: Type.Literal('Skill'),
    type: Type.Literal('UPDATE'),
    skill: Type.String({ minLength: 1 }),
  },
  strict,
)

/** `conversationField` is an object on every Connector API page, an array only in an older schema. */
export const UpdateConversationField = Type.Object(
  {
    type: Type.Literal('cm.UpdateConversationField'),
    body: Type.Object(
      {
        conversationId: Type.String({ minLength: 1 }),
        conversationField: Type.Union([
          ConversationStateField,
          DialogChange,
          CsatRate,
          TtrField,
          SkillField,
        ]),
      },
      strict,
    ),
  },
  strict,
)
export type UpdateConversationField = Static<typeof UpdateConversationField>

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

/** The older fields beside `authenticatedData` pass untouched. Source: schema connectorapi/setUserProfile.json. */
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

/** `fileSize` is a decimal string of bytes. Source: examples page. */
export const GenerateUrlForUploadFile = Type.Object(
  {
    type: Type.Literal('ms.GenerateURLForUploadFile'),
    body: Type.Object(
      { fileSize: Type.String({ pattern: '^[0-9]{1,10}$' }), fileType: FileType },
      strict,
    ),
  },
  strict,
)
export type GenerateUrlForUploadFile = Static<typeof GenerateUrlForUploadFile>

export const GenerateUrlForDownloadFile = Type.Object(
  {
    type: Type.Literal('ms.GenerateURLForDownloadFile'),
    body: Type.Object({ relativePath: Type.String({ minLength: 1 }) }, strict),
  },
  strict,
)
export type GenerateUrlForDownloadFile = Static<typeof GenerateUrlForDownloadFile>

/** Only in a CONVERSATION batch, after SetUserProfile. Source: Conversation page. */
export const ConsumerRequestConversation = Type.Object(
  {
    type: Type.Literal('cm.ConsumerRequestConversation'),
    body: Type.Object({
      brandId: Type.String({ minLength: 1 }),
      channelType: Type.Optional(Type.Literal('MESSAGING')),
      ttrDefName: Type.Optional(Type.Union([TtrType, Type.Null()])),
      skillId: Type.Optional(Type.String({ pattern: '^(-1|[0-9]{1,10})$' })),
      campaignInfo: Type.Optional(
        Type.Object({
          campaignId: Type.Union([Type.String(), Type.Integer()]),
          engagementId: Type.Union([Type.String(), Type.Integer()]),
        }),
      ),
      conversationContext: Type.Optional(Type.Object({})),
    }),
  },
  strict,
)
export type ConsumerRequestConversation = Static<typeof ConsumerRequestConversation>

/** What one SEND may ask for. */
export type SendCommand =
  | PublishEvent
  | UpdateConversationField
  | SetUserProfile
  | GenerateUrlForUploadFile
  | GenerateUrlForDownloadFile

const envelopeFields = {
  kind: Type.Literal('req'),
  /** 1 to 64 characters; echoed as `reqId`. Examples with a JSON number exist; the answer holds a string all the same. */
  id: Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Integer()]),
  metadata: Type.Optional(Metadata),
}

function envelope<T extends TProperties>(command: TObject<T>) {
  return Type.Object({ ...envelopeFields, ...command.properties }, strict)
}

/** The whole JSON document of one SEND. Source: Send page; schema infra/req.json. */
export const SendRequest = Type.Union([
  envelope(PublishEvent),
  envelope(UpdateConversationField),
  envelope(SetUserProfile),
  envelope(GenerateUrlForUploadFile),
  envelope(GenerateUrlForDownloadFile),
])
export type SendRequest = Static<typeof SendRequest>

/** The order is fixed. Source: Conversation page. */
export const ConversationRequest = Type.Tuple([
  envelope(SetUserProfile),
  envelope(ConsumerRequestConversation),
])
export type ConversationRequest = Static<typeof ConversationRequest>

/**
 * Both of LiveEngage's answer forms at once: success and runtime errors carry a string `code` ("OK", "BAD_REQUEST"),
 * errors of the platform a number and an `errorCode`. Sources: Send page; Authorization page; lp-devassist-connectors.
 */
export const SendAnswer = Type.Object({
  code: Type.Union([Type.String(), Type.Integer()]),
  reqId: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  /** An object in every documented answer, a string in its WebSocket twin; whatever it is, `code` alone says how it went. */
  body: Type.Optional(Type.Unknown()),
})
export type SendAnswer = Static<typeof SendAnswer>

const BaseUri = Type.Object({ service: Type.String(), baseURI: Type.String() })

/** One service or a list, in the three forms that LivePerson's page, schema and clients show. */
export const DomainAnswer = Type.Union([
  Type.Object({ baseURIs: Type.Array(BaseUri) }),
  Type.Array(BaseUri),
  BaseUri,
])
export type DomainAnswer = Static<typeof DomainAnswer>

/** Sentinel's success; it has no `expires_in`. Source: Authorization page. */
export const AppJwtAnswer = Type.Object({ access_token: Type.String() })

/** IDP's success. Source: Authorization page. */
export const ConsumerJwsAnswer = Type.Object({ token: Type.String() })

/** Answers to the items of a batch, in the order of the request. Source: Conversation page. */
export const ConversationAnswer = Type.Array(SendAnswer)
export type ConversationAnswer = Static<typeof ConversationAnswer>

/** Where a file may be put or got for a minute. Source: examples page, file sharing. */
export const TemporaryUrl = Type.Object({
  relativePath: Type.String({
    pattern: '^(?!.*/\\.{1,2}(?:/|$))/[!"$->@-~]{1,1023}$',
  }),
  queryParams: Type.Object({ temp_url_sig: Type.String(), temp_url_expires: Type.String() }),
})
export type TemporaryUrl = Static<typeof TemporaryUrl>
