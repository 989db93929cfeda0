/** The whole JSON documents that are sent: commands in their envelopes. */
import { type Static, type TObject, type TProperties, Type } from '@sinclair/typebox'
import {
  ConsumerRequestConversation,
  GenerateUrlForDownloadFile,
  GenerateUrlForUploadFile,
  PublishEvent,
  UpdateConversationField,
} from './commands.ts'
import { SetUserProfile } from './profile.ts'
import { Metadata } from './values.ts'

const strict = { additionalProperties: false } as const

const envelopeFields = {
  kind: Type.Literal('req'),
  /** 1 to 64 characters; echoed as `reqId`. Some examples have a JSON number; the answer still has a string. */
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
