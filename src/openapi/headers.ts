/** The headers of a call. */
import { type TObject, Type } from '@sinclair/typebox'
import { accountPattern } from '../liveengage/protocol/values.ts'
import { exampleAccountId, exampleRequestId } from './examples.ts'

const anyCall = {
  'X-Request-Id': Type.Optional(
    // No pattern: any other form is allowed.
    Type.String({
      description:
        'The id of the request in the answer, in the log and in every problem: 1 to 64 letters, digits, dots, hyphens and underscores. The proxy generates one if it is absent or has another form',
      examples: [exampleRequestId],
    }),
  ),
  'X-Request-Timeout-Ms': Type.Optional(
    Type.Integer({
      minimum: 100,
      description: 'A shorter deadline than REQUEST_TIMEOUT_MS, in milliseconds',
      examples: [5000],
    }),
  ),
  'Client-Properties': Type.Optional(
    Type.String({
      description:
        'Sent unchanged. LiveEngage requires it on every call of a conversation. Default: built from LP_CLIENT_FEATURES',
      examples: ['{"type":".ClientProperties","features":["AUTO_MESSAGES","RICH_CONTENT"]}'],
    }),
  ),
}

const account = {
  'X-LP-Account-Id': Type.Optional(
    Type.String({
      pattern: accountPattern,
      description: 'The LivePerson account: 1 to 32 letters and digits. Default: LP_ACCOUNT_ID',
      examples: [exampleAccountId],
    }),
  ),
}

/** Of a POST. On another method it is ignored. */
const key = {
  'Idempotency-Key': Type.Optional(
    Type.String({
      pattern: '^[!-~]{1,255}$',
      description:
        'Makes a retry safe. The same request with the same key gets the outcome of the first one, with `Idempotency-Replayed: true`, and is not sent again. An outcome with `delivery: not-sent` is not stored, so that a retry is sent. A key is valid for one consumer on one route, for ten minutes, in the memory of this instance',
      examples: ['order-7-has-left'],
    }),
  ),
}

type CallKind = { takesKey: boolean; takesAccount: boolean }

/** Documented only: the proxy reads these headers by itself, so that no validator has to check all headers of a request. */
export function documentedHeaders({ takesKey, takesAccount }: CallKind): TObject {
  return Type.Object({
    ...anyCall,
    ...(takesAccount && account),
    ...(takesKey && key),
  })
}

/** Also a way in `security`, and so no parameter to @fastify/swagger. Few generators make an argument of a way. */
export const consumerIdParameter = {
  schema: { pattern: '^[!-~]{1,256}$', type: 'string', examples: ['ada'] },
  in: 'header',
  name: 'X-LP-Consumer-Id',
  required: false,
  description:
    'Your own id of the consumer: 1 to 256 visible characters. Use it instead of X-LP-ON-BEHALF if the proxy has credentials for the account',
}
