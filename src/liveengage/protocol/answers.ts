/** What LivePerson's services answer, as far as it is read. Source, unless a comment names another: LivePerson developer center, Connector API. */
import { type Static, Type } from '@sinclair/typebox'

/**
 * Both of LiveEngage's answer forms at once: success and runtime errors carry a string `code` ("OK", "BAD_REQUEST"),
 * errors of the platform a number and an `errorCode`. Sources: Send page; Authorization page; lp-devassist-connectors.
 */
export const SendAnswer = Type.Object({
  code: Type.Union([Type.String(), Type.Integer()]),
  reqId: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  /** An object in every documented answer, a string in its WebSocket twin. Only `code` says whether it succeeded. */
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
