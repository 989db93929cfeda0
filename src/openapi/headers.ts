/** The headers of a call. */
import { Type } from '@sinclair/typebox'
import { accountPattern } from '../liveengage/protocol/values.ts'

/** Documented only: the proxy reads these headers by itself, so that no validator has to run over all headers of a request. */
export const documentedHeaders = Type.Object({
  'X-LP-Account-Id': Type.Optional(
    Type.String({
      pattern: accountPattern,
      description: 'The LivePerson account: 1 to 32 letters and digits. Default: LP_ACCOUNT_ID',
    }),
  ),
  'X-Request-Id': Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9._-]{1,64}$',
      description:
        'The id of the request in the answer, in the log and in every problem. The proxy generates one if it is absent or has another form',
    }),
  ),
  'X-Request-Timeout-Ms': Type.Optional(
    Type.Integer({
      minimum: 100,
      description: 'A shorter deadline than REQUEST_TIMEOUT_MS, in milliseconds',
    }),
  ),
  'Client-Properties': Type.Optional(
    Type.String({
      description:
        'Sent unchanged. LiveEngage requires it on every call of a conversation. Default: built from LP_CLIENT_FEATURES',
    }),
  ),
})

/** The headers of a POST. An Idempotency-Key on another method is ignored. */
export const documentedKey = Type.Object({
  ...documentedHeaders.properties,
  'Idempotency-Key': Type.Optional(
    Type.String({
      pattern: '^[!-~]{1,255}$',
      description:
        'Makes a retry safe. The same request with the same key gets the outcome of the first one, with `Idempotency-Replayed: true`, and is not sent again. An outcome with `delivery: not-sent` is not stored, so that a retry is sent. A key is valid for one consumer on one route, for ten minutes, in the memory of this instance',
    }),
  ),
})
