/**
 * What LivePerson's webhooks send, in every form that a source shows. The sources contradict each other, so only what the program
 * needs is required.
 * Source, unless a comment names another: LivePerson developer center, Connector API, Webhooks pages.
 */
import { type Static, Type } from '@sinclair/typebox'

const Text = Type.String({ minLength: 1 })

/** Milliseconds since 1970, up to the year 9999, which is as far as RFC 3339 goes. */
const Timestamp = Type.Integer({ minimum: 0, maximum: 253_402_300_799_999 })

const Sequence = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

/** An array in every documented payload, but null or absent if there is none. */
const Metadata = Type.Array(Type.Record(Type.String(), Type.Unknown()))

/** `type` has the event's type as a suffix on the configuration page, and not in the payloads. */
export const Notification = Type.Object({
  type: Text,
  body: Type.Object({ changes: Type.Array(Type.Unknown()) }),
})
export type Notification = Static<typeof Notification>

/**
 * A message, receipt or chat state. Payloads of 2018 have no `conversationId`, those before 2022 no `messageAudience`; a chat state has
 * neither `sequence` nor `serverTimestamp`. `sequence` counts per dialog. Source: Messaging Window PCS tutorial.
 */
export const MessageChange = Type.Object({
  sequence: Type.Optional(Sequence),
  originatorId: Type.Optional(Text),
  originatorMetadata: Type.Optional(
    Type.Object({ id: Type.Optional(Text), role: Type.Optional(Text) }),
  ),
  serverTimestamp: Type.Optional(Timestamp),
  event: Type.Record(Type.String(), Type.Unknown()),
  conversationId: Type.Optional(Text),
  dialogId: Type.Optional(Text),
  /** `ALL` or `AGENTS_AND_MANAGERS`. */
  messageAudience: Type.Optional(Type.Unknown()),
  metadata: Type.Optional(Metadata),
})
export type MessageChange = Static<typeof MessageChange>

const Click = Type.Object({
  actions: Type.Optional(
    Type.Array(Type.Object({ type: Type.Literal('publishText'), text: Type.String() })),
  ),
  metadata: Type.Optional(Metadata),
})

/** Below a text or a card. Source: quick replies page. */
const QuickReplies = Type.Object({
  replies: Type.Array(
    Type.Object({ title: Type.Optional(Type.String()), click: Type.Optional(Click) }),
  ),
})
export type QuickReplies = Static<typeof QuickReplies>

export const TextContent = Type.Object({
  contentType: Type.Literal('text/plain'),
  message: Type.String(),
  quickReplies: Type.Optional(QuickReplies),
})

export const FileContent = Type.Object({
  contentType: Type.Literal('hosted/file'),
  message: Type.Object({
    relativePath: Text,
    fileType: Type.String(),
    caption: Type.Optional(Type.String()),
    preview: Type.Optional(Type.String()),
  }),
})

/** An invitation has `formId` and `title`, a submission `submissionId`, which one source omits. Source: history API; a third party. */
export const FormContent = Type.Object({
  contentType: Type.Union([
    Type.Literal('forms/secure-invitation'),
    Type.Literal('forms/secure-submission'),
  ]),
  message: Type.Object({
    invitationId: Type.String(),
    formId: Type.Optional(Type.Union([Type.String(), Type.Number()])),
    title: Type.Optional(Type.String()),
    submissionId: Type.Optional(Type.String()),
  }),
})

/** The history API shows the same content as a JSON string. */
export const RichContent = Type.Object({
  content: Type.Record(Type.String(), Type.Unknown()),
  quickReplies: Type.Optional(QuickReplies),
})

/** `ACCEPT`, `READ`, `ACCESS`, `NACK`, `ACTION`, and `VIEWED` for a form, which a third party saw. */
export const AcceptStatusEvent = Type.Object({
  status: Type.String(),
  sequenceList: Type.Array(Sequence),
})

/** `COMPOSING`, `PAUSE`, `ACTIVE`, `INACTIVE`, `GONE`, and `BACKGROUND`. Source of the last: node-agent-sdk. */
export const ChatStateEvent = Type.Object({ chatState: Type.String() })

const Participant = Type.Object({
  id: Text,
  role: Type.Optional(Text),
  /** `ACTIVE` or `SUGGESTED`, which has not joined. Source: node-agent-sdk. */
  state: Type.Optional(Text),
})
export type Participant = Static<typeof Participant>

/** The older form: ids by role. Source: Messaging Agent tutorial. */
const ParticipantsByRole = Type.Record(Type.String(), Type.Array(Type.String()))

const Dialog = Type.Object({
  dialogId: Text,
  /** `MAIN`, `POST_SURVEY` or `OTHER`, which co-browsing is. */
  dialogType: Type.Optional(Text),
  state: Type.Optional(Text),
  closedBy: Type.Optional(Text),
  closedCause: Type.Optional(Text),
  metaData: Type.Optional(Type.Object({ appInstallId: Type.Optional(Text) })),
  participantsDetails: Type.Optional(Type.Array(Participant)),
})
export type Dialog = Static<typeof Dialog>

/** `state` is the main dialog's, `stage` the whole conversation's. Source: Messaging Window PCS tutorial. */
const ConversationDetails = Type.Object({
  skillId: Type.Optional(Text),
  participants: Type.Optional(Type.Array(Participant)),
  participantsPId: Type.Optional(ParticipantsByRole),
  dialogs: Type.Optional(Type.Array(Dialog)),
  /** `OPEN` or `CLOSE`; one table says `CLOSED`. */
  state: Type.Optional(Text),
  stage: Type.Optional(Text),
  closeReason: Type.Optional(Text),
  startTs: Type.Optional(Timestamp),
  endTs: Type.Optional(Timestamp),
  metaDataLastUpdateTs: Type.Optional(Timestamp),
  csat: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  delay: Type.Optional(
    Type.Object({ type: Type.Optional(Text), tillWhen: Type.Optional(Timestamp) }),
  ),
})
export type ConversationDetails = Static<typeof ConversationDetails>

/** Always the whole state, never a change. Source also: schema aam/subscribeExConversationsNotification.json. */
export const ConversationChange = Type.Object({
  type: Type.Optional(Type.String()),
  result: Type.Object({ convId: Text, conversationDetails: ConversationDetails }),
})
export type ConversationChange = Static<typeof ConversationChange>
