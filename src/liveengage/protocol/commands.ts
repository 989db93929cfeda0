/** The commands of a SEND and of a CONVERSATION. Source, unless a comment names another: LivePerson developer center, Connector API, "Send" and "Conversation". */
import { type Static, Type } from '@sinclair/typebox'
import type { SetUserProfile } from './profile.ts'
import { AcceptStatus, ChatState, CsatStatus, FileType, TtrType } from './values.ts'

const strict = { additionalProperties: false } as const

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

/** Documented for agents; it is not said whether a consumer may send it. */
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
