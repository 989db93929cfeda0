/** Every way a request can fail, defined once: `/problems`, the OpenAPI document and README are made from this table. */
import { type Static, Type } from '@sinclair/typebox'
import { StringEnum } from './string-enum.ts'

/** `not-sent`: LiveEngage cannot have acted. `unknown`: it may have. */
export const Delivery = StringEnum(['not-sent', 'unknown'], {
  description: '`not-sent`: LiveEngage cannot have acted on the request. `unknown`: it may have.',
})
export type Delivery = Static<typeof Delivery>

type Definition = {
  status: number
  title: string
  cause: string
  remedy: string
  delivery: Delivery
  /** Whether the same request again is harmless and may help. `if-repeatable`: only for actions whose repetition changes nothing. */
  retryable: boolean | 'if-repeatable'
  /** Seconds a caller should wait; sent as `Retry-After`. */
  retryAfterSeconds?: number
  /** Up to so many are added at random, so that those refused together do not come back together. */
  retrySpreadSeconds?: number
  /** Sent as `WWW-Authenticate`, which RFC 9110 wants on each 401. */
  challenge?: string
}

const challenge = 'Bearer realm="LiveEngage"'

export const problems = {
  'invalid-request': {
    status: 400,
    title: 'The request is not valid',
    cause: 'A part of the request breaks a rule of this API; `errors` names each such part.',
    remedy: 'Correct what `errors` names and send the request again.',
    delivery: 'not-sent',
    retryable: false,
  },
  'rejected-by-liveengage': {
    status: 400,
    title: 'LiveEngage rejected the request',
    cause:
      'LiveEngage answered with a client error; `liveengage` has its status, code and message.',
    remedy: 'Read `liveengage.message`; check the ids, the account and the rights of the AppJWT.',
    delivery: 'not-sent',
    retryable: false,
  },
  'api-key-required': {
    status: 401,
    title: 'The API key is missing or wrong',
    cause: 'This proxy wants one of its keys (API_KEYS) in X-API-Key.',
    remedy: 'Send a valid key in X-API-Key.',
    delivery: 'not-sent',
    retryable: false,
    challenge: 'ApiKey realm="liveengage-proxy"',
  },
  'credentials-missing': {
    status: 401,
    title: 'A token is missing',
    cause: 'The request lacks an AppJWT or a ConsumerJWS; `errors` names the header.',
    remedy:
      'Send the AppJWT in Authorization and the ConsumerJWS in X-LP-ON-BEHALF; where the proxy has credentials of the account, X-LP-Consumer-Id alone will do.',
    delivery: 'not-sent',
    retryable: false,
    challenge,
  },
  'app-jwt-invalid': {
    status: 401,
    title: 'The AppJWT is not valid',
    cause: 'The AppJWT in Authorization is malformed, expired or refused by LiveEngage.',
    remedy:
      'Get a new AppJWT from Sentinel (it lives one hour) and send the request again with it.',
    delivery: 'not-sent',
    retryable: false,
    challenge: `${challenge}, error="invalid_token"`,
  },
  'consumer-jws-invalid': {
    status: 401,
    title: 'The ConsumerJWS is not valid',
    cause: 'The ConsumerJWS in X-LP-ON-BEHALF is malformed or refused by LiveEngage.',
    remedy: 'Get a ConsumerJWS for this consumer from IDP with the AppJWT of the same account.',
    delivery: 'not-sent',
    retryable: false,
    challenge,
  },
  'account-not-allowed': {
    status: 403,
    title: 'The account is not allowed here',
    cause: 'This proxy does not serve the account of the request.',
    remedy: 'Correct X-LP-Account-Id, or add the account to LP_ALLOWED_ACCOUNTS.',
    delivery: 'not-sent',
    retryable: false,
  },
  'route-not-found': {
    status: 404,
    title: 'There is no such route',
    cause: 'No route has this path.',
    remedy: 'Look the path up in /docs or /openapi.json.',
    delivery: 'not-sent',
    retryable: false,
  },
  'account-unknown': {
    status: 404,
    title: 'LivePerson does not know the account',
    cause: 'The Domain API names no messaging host for the account.',
    remedy: 'Check the account id; ask LivePerson whether the account has messaging.',
    delivery: 'not-sent',
    retryable: false,
  },
  'file-not-found': {
    status: 404,
    title: 'There is no such file',
    cause: 'LiveEngage’s storage has no file at this path.',
    remedy: 'Check the relativePath; LiveEngage does not keep files for ever.',
    delivery: 'not-sent',
    retryable: false,
  },
  'method-not-allowed': {
    status: 405,
    title: 'The route has other methods',
    cause: 'The path exists, this method of it does not.',
    remedy: 'Use one of the methods in the Allow header.',
    delivery: 'not-sent',
    retryable: false,
  },
  'request-timeout': {
    status: 408,
    title: 'The request took too long to arrive',
    cause: 'Headers or body did not arrive in time.',
    remedy: 'Send the whole request at once, on a new connection.',
    delivery: 'not-sent',
    retryable: false,
  },
  'conversation-closed': {
    status: 409,
    title: 'The conversation is closed',
    cause: 'LiveEngage takes nothing more for a conversation that is closed.',
    remedy: 'Open a new conversation for the consumer and send the request there.',
    delivery: 'not-sent',
    retryable: false,
  },
  'conversation-already-open': {
    status: 409,
    title: 'The consumer has an open conversation already',
    cause:
      'LiveEngage keeps one open conversation per consumer; `profileUpdated` says whether the profile was taken.',
    remedy:
      'Go on in the open conversation, or close it first, by the id that its own POST /conversations answered: LiveEngage does not tell it here. Where it is lost, the conversation has to end in LiveEngage, by an agent for example.',
    delivery: 'not-sent',
    retryable: false,
  },
  'idempotency-key-in-use': {
    status: 409,
    title: 'The first request with this Idempotency-Key is under way',
    cause:
      'The same request came with the same Idempotency-Key before and has no outcome yet; LiveEngage may have it.',
    remedy:
      'Send the same request with the same key again after Retry-After; it gets the outcome of the first.',
    delivery: 'unknown',
    retryable: true,
    retryAfterSeconds: 1,
  },
  'payload-too-large': {
    status: 413,
    title: 'The body is too large',
    cause: 'The body is larger than BODY_LIMIT_BYTES, or the file than FILE_LIMIT_BYTES.',
    remedy: 'Send a smaller body: a text holds 5000 characters, a file 3 MB at most.',
    delivery: 'not-sent',
    retryable: false,
  },
  'uri-too-long': {
    status: 414,
    title: 'An id in the path is too long',
    cause: 'An id in the path has more than 128 characters.',
    remedy: 'Use the id as LiveEngage gave it.',
    delivery: 'not-sent',
    retryable: false,
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The body is of the wrong type',
    cause: 'The body has another content type than the route takes, or it is compressed.',
    remedy:
      'Send JSON in UTF-8 with Content-Type: application/json, a file as multipart/form-data; both uncompressed.',
    delivery: 'not-sent',
    retryable: false,
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'The Idempotency-Key is another request’s',
    cause: 'Another path, query or body came with this Idempotency-Key in the last ten minutes.',
    remedy: 'Take a new key for each new request; repeat a request byte for byte.',
    delivery: 'not-sent',
    retryable: false,
  },
  'rate-limited': {
    status: 429,
    title: 'LiveEngage limits the rate',
    cause: 'LiveEngage refused the request because it gets too many.',
    remedy: 'Wait as long as Retry-After says, then send the request again, without bursts.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 1,
  },
  'headers-too-large': {
    status: 431,
    title: 'The headers are too large',
    cause: 'The request line and headers exceed 16 KiB together.',
    remedy: 'Send fewer or shorter headers; a token holds 8 KiB at most.',
    delivery: 'not-sent',
    retryable: false,
  },
  'internal-error': {
    status: 500,
    title: 'The proxy failed',
    cause: 'An error of the proxy itself; `delivery` says whether LiveEngage may have the request.',
    remedy: 'Report it with the requestId; the log has the error under that id.',
    delivery: 'unknown',
    retryable: false,
  },
  'liveengage-failed': {
    status: 502,
    title: 'LiveEngage failed',
    cause:
      'LiveEngage answered with a server error, with something that is no answer, or broke the connection.',
    remedy:
      'The request may have been carried out. Do not send a message or receipt again before you know; where `retryable` is true a repetition is harmless. After POST /conversations the conversation may exist; its id is lost, and a retry may say conversation-already-open.',
    delivery: 'unknown',
    retryable: 'if-repeatable',
  },
  'liveengage-unreachable': {
    status: 503,
    title: 'LiveEngage cannot be reached',
    cause:
      'No connection to the account’s host: DNS, connect, TLS, or a dead socket. Nothing was written.',
    remedy:
      'Send the request again after Retry-After; if it lasts, check egress to *.liveperson.net:443.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 1,
  },
  'domain-lookup-failed': {
    status: 503,
    title: 'The account’s host could not be looked up',
    cause: 'The Domain API did not answer, or named a host outside LP_ALLOWED_HOSTS.',
    remedy:
      'Send the request again after Retry-After; if it lasts, check LP_DOMAIN_API_URL and LP_ALLOWED_HOSTS.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 2,
  },
  'login-failed': {
    status: 503,
    title: 'No token could be obtained',
    cause: 'Sentinel or IDP did not answer, or failed.',
    remedy:
      'Send the request again after Retry-After; if it lasts, check egress to the hosts of sentinel and idp.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 5,
  },
  'credentials-rejected': {
    status: 503,
    title: 'LivePerson rejects the proxy’s own credentials',
    cause:
      'Sentinel, IDP or LiveEngage refused the client id and secret, or a token that they gave.',
    remedy:
      'Operator: check LP_CLIENT_ID and its secret or LP_CREDENTIALS_FILE, and that the app is installed in the account.',
    delivery: 'not-sent',
    retryable: false,
  },
  'storage-failed': {
    status: 503,
    title: 'The file could not be stored',
    cause: 'The upload to LiveEngage’s storage failed; no message was published.',
    remedy: 'Send the file again after Retry-After.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 1,
  },
  overloaded: {
    status: 503,
    title: 'The proxy is busy',
    cause:
      'As many requests to the account’s host are under way and waiting as MAX_CONNECTIONS and MAX_QUEUE (or the account’s share of them) allow, this one has waited for MAX_QUEUE_MS, as many uploads as MAX_UPLOADS are under way, too many bodies of more than 8 KiB are held (8 MiB together), or the process itself falls behind.',
    remedy: 'Send the request again after Retry-After; if it lasts, run more replicas.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 1,
    retrySpreadSeconds: 2,
  },
  'circuit-open': {
    status: 503,
    title: 'LiveEngage fails too often to be asked now',
    cause:
      'At least half of the latest calls to the account’s host failed, so that for some seconds it is left in peace.',
    remedy: 'Send the request again after Retry-After.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 5,
    retrySpreadSeconds: 2,
  },
  'deadline-exceeded': {
    status: 503,
    title: 'The deadline passed before the request was written',
    cause:
      'REQUEST_TIMEOUT_MS, or the caller’s X-Request-Timeout-Ms, ended before a byte went to LiveEngage.',
    remedy: 'Send the request again; if it lasts, allow more time or look at the load.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 1,
  },
  'shutting-down': {
    status: 503,
    title: 'The proxy is shutting down',
    cause: 'The request came after the proxy stopped taking new ones.',
    remedy: 'Send the request again on a new connection; another instance will take it.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 1,
  },
  'liveengage-timeout': {
    status: 504,
    title: 'LiveEngage did not answer in time',
    cause: 'The request was written; no whole answer came before the deadline.',
    remedy:
      'The request may have been carried out. Do not send a message or receipt again before you know; where `retryable` is true a repetition is harmless. After POST /conversations the conversation may exist; its id is lost, and a retry may say conversation-already-open.',
    delivery: 'unknown',
    retryable: 'if-repeatable',
  },
} as const satisfies Record<string, Definition>

export type ProblemCode = keyof typeof problems
export type InputError = { path: string; message: string }
export type LiveEngageAnswer = { status: number; errorCode?: number; message?: string }

export type ProblemOptions = {
  detail?: string
  /** Overrides the table where one code has either, as `internal-error` does. */
  delivery?: Delivery
  errors?: readonly InputError[]
  liveengage?: LiveEngageAnswer
  retryAfterSeconds?: number
  /** For `conversation-already-open`: the profile was taken although no conversation was opened. */
  profileUpdated?: boolean
  /** The methods of the path, for `method-not-allowed`. */
  allow?: readonly string[]
  cause?: unknown
}

/** A failure with a code of the table. It holds no token, no body and no words of a consumer, so it can be logged as it is. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly status: number
  readonly delivery: Delivery
  readonly retryAfterSeconds: number | undefined
  readonly options: ProblemOptions

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    const definition: Definition = problems[code]
    super(options.detail ?? definition.cause, { cause: options.cause })
    this.code = code
    this.status = definition.status
    this.delivery = options.delivery ?? definition.delivery
    this.retryAfterSeconds = spread(
      options.retryAfterSeconds ?? definition.retryAfterSeconds,
      definition.retrySpreadSeconds,
    )
    this.options = options
  }

  /** Headers that belong to this failure, beside those of every answer. */
  headers(): Record<string, string> {
    const definition: Definition = problems[this.code]
    const headers: Record<string, string> = {}
    if (this.retryAfterSeconds !== undefined)
      headers['retry-after'] = String(this.retryAfterSeconds)
    if (definition.challenge !== undefined) headers['www-authenticate'] = definition.challenge
    if (this.options.allow !== undefined) headers['allow'] = this.options.allow.join(', ')
    return headers
  }

  /** Whether sending the same again is harmless and may help. @param repeatable whether the action may be repeated without changing anything */
  isRetryable(repeatable: boolean): boolean {
    const { retryable }: Definition = problems[this.code]
    return retryable === 'if-repeatable' ? repeatable : retryable
  }

  /** @param repeatable as for `isRetryable` */
  toDetails(requestId: string, repeatable: boolean): ProblemDetails {
    const { title }: Definition = problems[this.code]
    const { errors, liveengage, profileUpdated } = this.options
    return {
      type: `/problems/${this.code}`,
      title,
      status: this.status,
      detail: this.message,
      instance: `urn:request:${requestId}`,
      code: this.code,
      requestId,
      delivery: this.delivery,
      retryable: this.isRetryable(repeatable),
      ...(errors !== undefined && { errors: [...errors] }),
      ...(liveengage !== undefined && { liveengage }),
      ...(profileUpdated !== undefined && { profileUpdated }),
    }
  }
}

function spread(seconds: number | undefined, mostMore = 0): number | undefined {
  return seconds === undefined ? undefined : seconds + Math.floor(Math.random() * (mostMore + 1))
}

/** Whether an error is the problem with this code. */
export function isProblem(error: unknown, code: ProblemCode | undefined): error is Problem {
  return error instanceof Problem && error.code === code
}

/** RFC 9457. */
export const ProblemDetails = Type.Object(
  {
    type: Type.String({ description: 'Where the problem is described: `/problems/<code>`' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.String({ description: '`urn:request:<requestId>`' }),
    code: StringEnum(Object.keys(problems), { description: 'What to branch on' }),
    requestId: Type.String(),
    delivery: Delivery,
    retryable: Type.Boolean({
      description: 'Whether sending the same request again is harmless and may help',
    }),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          path: Type.String({
            description:
              'JSON Pointer into the body, `header:<name>`, `query:<name>` or `path:<name>`',
          }),
          message: Type.String(),
        }),
        { description: 'What is wrong with the request: names, never values' },
      ),
    ),
    liveengage: Type.Optional(
      Type.Object(
        {
          status: Type.Integer(),
          errorCode: Type.Optional(Type.Integer()),
          message: Type.Optional(Type.String({ maxLength: 200 })),
        },
        { description: 'What LiveEngage answered' },
      ),
    ),
    profileUpdated: Type.Optional(
      Type.Boolean({
        description: 'With `conversation-already-open`: whether the profile was taken',
      }),
    ),
  },
  {
    $id: 'Problem',
    description: 'What went wrong (RFC 9457), and whether LiveEngage may have acted',
  },
)
export type ProblemDetails = Static<typeof ProblemDetails>
