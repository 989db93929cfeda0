/** The documents that CONVERSATION and SEND take: all documented forms, and with remarks those that are not. */
import { type Static, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { Assert } from '@sinclair/typebox/value'
import { ConsumerRequestConversation, PublishEvent } from '../../liveengage/protocol/commands.ts'
import { SendRequest } from '../../liveengage/protocol/requests.ts'
import { BrokenRule, isObject, read } from './reading.ts'

const envelope = {
  kind: Type.Literal('req'),
  id: Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Integer()]),
  metadata: Type.Optional(Type.Array(Type.Object({ type: Type.String({ minLength: 1 }) }))),
}

const Opening = Type.Object(
  { ...envelope, ...ConsumerRequestConversation.properties },
  { additionalProperties: false },
)
type Opening = Static<typeof Opening>

/** A card of the consumer's: among the events that may be published by schema, on no page. Source: schema ms/AbstractMessagingEvent.json. */
const RichMessage = Type.Object({
  ...envelope,
  type: PublishEvent.properties.type,
  body: Type.Object({
    conversationId: Type.Optional(Type.String({ minLength: 1 })),
    dialogId: Type.String({ minLength: 1 }),
    event: Type.Object({ type: Type.Literal('RichContentEvent') }),
  }),
})
export type RichMessage = Static<typeof RichMessage>

const isRichMessage = TypeCompiler.Compile(RichMessage)

export type SendDocument = SendRequest | RichMessage
type Profile = Extract<SendRequest, { type: 'userprofile.SetUserProfile' }>
type Publication = Extract<SendRequest, { type: 'ms.PublishEvent' }>

/** The dialog of a conversation that is not open yet. */
const dialogToBe = 'new'

/** @param path where the document is in a batch @throws BrokenRule */
export function readSend(document: unknown, remarks: string[], path = ''): SendDocument {
  const request = asDocumented(document)
  if (!isObject(request))
    throw new BrokenRule(`${path || 'the document'} has to be one JSON object`)
  if (isRichMessage.Check(request)) {
    remarks.push(`${path}/body/event/type RichContentEvent is documented for agents`)
    return request
  }
  const variant = SendRequest.anyOf.find(
    ({ properties }) => properties.type.const === request['type'],
  )
  if (variant === undefined) {
    throw new BrokenRule(`${path}/type is missing or not documented for SEND`)
  }
  const known = read(variant, unwrapped(request, remarks, path), path, remarks)
  Assert(SendRequest, known)
  return known
}

/** The batch; the third item only if there was one. @throws BrokenRule */
export function readConversation(
  document: unknown,
  remarks: string[],
): { profile: Profile; opening: Opening; message?: Publication | RichMessage } {
  if (!Array.isArray(document) || document.length < 2) {
    throw new BrokenRule('the document has to be an array of at least two requests')
  }
  if (document.length > 3) throw new BrokenRule('the batch has more than three requests')
  const [first, second, third] = document
  const profile = readSend(first, remarks, '/0')
  if (profile.type !== 'userprofile.SetUserProfile') {
    throw new BrokenRule('/0/type has to be userprofile.SetUserProfile')
  }
  const opening = read(Opening, asDocumented(second), '/1', remarks)
  Assert(Opening, opening)
  if (third === undefined) return { profile, opening }
  // An optional third item, with an empty dialogId. Source: the early OpenAPI document of the Connector API.
  const message = readSend(withDialog(third), remarks, '/2')
  if (message.type !== 'ms.PublishEvent') throw new BrokenRule('/2/type has to be ms.PublishEvent')
  return { profile, opening, message }
}

/** What LivePerson's own pages and schemas have beyond what the proxy sends. */
function asDocumented(document: unknown): unknown {
  if (!isObject(document)) return document
  // `kind` has a default. Source: schema infra/req.json.
  const request = { kind: 'req', ...document }
  const { body } = document
  if (!isObject(body) || !isObject(body['authenticatedData'])) return request
  const { lp_sdes: attributes = [], ...others } = body['authenticatedData']
  const lp_sdes = Array.isArray(attributes) ? attributes.map(withoutAuth) : attributes
  return { ...request, body: { ...body, authenticatedData: { ...others, lp_sdes } } }
}

/** `auth` stands beside `info` and `personal` in LivePerson's engagement attributes. */
function withoutAuth(attribute: unknown): unknown {
  if (!isObject(attribute)) return attribute
  const { auth: _, ...others } = attribute
  return others
}

function withDialog(item: unknown): unknown {
  if (!isObject(item) || !isObject(item['body'])) return item
  const { dialogId } = item['body']
  const isNamed = dialogId !== undefined && dialogId !== null && dialogId !== ''
  return { ...item, body: { ...item['body'], dialogId: isNamed ? dialogId : dialogToBe } }
}

/** An object on every page, an array of them in an older schema. Source: schema cm/updateConversationFieldBody.json. */
function unwrapped(request: Record<string, unknown>, remarks: string[], path: string): unknown {
  const { body } = request
  if (!isObject(body) || !Array.isArray(body['conversationField'])) return request
  const { conversationField, ...others } = body
  if (conversationField.length !== 1) {
    throw new BrokenRule(`${path}/body/conversationField has to be one`)
  }
  remarks.push(`${path}/body/conversationField is an array; an object is documented`)
  return { ...request, body: { ...others, conversationField: conversationField[0] } }
}
