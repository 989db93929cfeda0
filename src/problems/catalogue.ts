/** Every way a request can fail, defined once. `/problems` and the OpenAPI document are made from this table; README’s is compared with it. */
import type { Static } from '@sinclair/typebox'
import { StringEnum } from '../string-enum.ts'

/** `not-sent`: LiveEngage cannot have acted. `unknown`: it may have. For `app-` problems this is about the app, and only LivePerson reads it. */
export const Delivery = StringEnum(['not-sent', 'unknown'], {
  description: '`not-sent`: LiveEngage cannot have acted on the request. `unknown`: it may have.',
})
export type Delivery = Static<typeof Delivery>

export type ProblemDefinition = {
  status: number
  title: string
  cause: string
  remedy: string
  delivery: Delivery
  /** Whether a retry is harmless and may help. `if-repeatable`: only for actions that change nothing when they are repeated. */
  retryable: boolean | 'if-repeatable'
  /** Seconds that a caller should wait; sent as `Retry-After`. */
  retryAfterSeconds?: number
  /** At most this many seconds are added at random, so that callers who are refused together do not retry together. */
  retrySpreadSeconds?: number
  /** Sent as `WWW-Authenticate`, which RFC 9110 requires on each 401. */
  challenge?: string
}

/** What to do if LiveEngage may have acted. */
const mayBeProcessed =
  'LiveEngage may have processed the request. If `retryable` is true, a retry is harmless. Otherwise retry only if a duplicate is better than a loss. After POST /conversations the conversation may exist, but its id is lost, and a retry may fail with conversation-already-open.'

const challenge = 'Bearer realm="LiveEngage"'

export const problems = {
  'invalid-request': {
    status: 400,
    title: 'The request is invalid',
    cause: 'Part of the request breaks a rule of this API. `errors` names each part and its rule.',
    remedy: 'Fix what `errors` names, then send the request again.',
    delivery: 'not-sent',
    retryable: false,
  },
  'rejected-by-liveengage': {
    status: 400,
    title: 'LiveEngage rejected the request',
    cause:
      'LiveEngage answered with a client error. `liveengage` has its status, code and message.',
    remedy:
      'Read `liveengage.message`, then check the ids, the account and the permissions of the AppJWT.',
    delivery: 'not-sent',
    retryable: false,
  },
  'api-key-required': {
    status: 401,
    title: 'The API key is missing or wrong',
    cause: 'This proxy requires an API key; the request has none, or an unknown one.',
    remedy:
      'Send one of the proxy’s keys in the X-API-Key header. The operator sets them with API_KEYS or API_KEYS_FILE.',
    delivery: 'not-sent',
    retryable: false,
    challenge: 'ApiKey realm="liveengage-proxy"',
  },
  'credentials-missing': {
    status: 401,
    title: 'A token is missing',
    cause:
      'The request has no AppJWT or no ConsumerJWS, and the proxy cannot get it by itself. `errors` names the header.',
    remedy:
      'Send the AppJWT in Authorization and the ConsumerJWS in X-LP-ON-BEHALF. If the proxy has credentials for the account, X-LP-Consumer-Id alone is enough.',
    delivery: 'not-sent',
    retryable: false,
    challenge,
  },
  'app-jwt-invalid': {
    status: 401,
    title: 'The AppJWT is invalid',
    cause:
      'The AppJWT in the Authorization header is malformed or expired, or LiveEngage refused it.',
    remedy:
      'Get a new AppJWT from LivePerson’s login service (Sentinel); it is valid for one hour. Then send the request again with it.',
    delivery: 'not-sent',
    retryable: false,
    challenge: `${challenge}, error="invalid_token"`,
  },
  'consumer-jws-invalid': {
    status: 401,
    title: 'The ConsumerJWS is invalid',
    cause: 'The ConsumerJWS in the X-LP-ON-BEHALF header is malformed, or LiveEngage refused it.',
    remedy:
      'Get a ConsumerJWS for this consumer from LivePerson’s identity service (IDP), with an AppJWT of the same account.',
    delivery: 'not-sent',
    retryable: false,
    challenge,
  },
  'webhook-signature-invalid': {
    status: 401,
    title: 'The notification could not be verified',
    cause:
      'This proxy does not know the account or the app installation of the notification, or the signature does not match the bytes of the body.',
    remedy:
      'Operator: check the client id and secret of the account, and that nothing on the way from LivePerson changes the body. The log says which check failed.',
    delivery: 'not-sent',
    retryable: false,
    challenge: 'LivePerson-Signature realm="webhooks"',
  },
  'account-not-allowed': {
    status: 403,
    title: 'The account is not allowed',
    cause: 'This proxy is not configured to serve the account of the request.',
    remedy:
      'Correct X-LP-Account-Id, or ask the operator to add the account to LP_ALLOWED_ACCOUNTS.',
    delivery: 'not-sent',
    retryable: false,
  },
  'origin-not-allowed': {
    status: 403,
    title: 'Web pages of other origins are not allowed',
    cause:
      'Origin or Sec-Fetch-Site shows that the request comes from a web page of another origin.',
    remedy:
      'Call the proxy from your backend, and do not forward the browser’s Origin header. A page must not call the proxy directly.',
    delivery: 'not-sent',
    retryable: false,
  },
  'route-not-found': {
    status: 404,
    title: 'The route does not exist',
    cause: 'No route matches the path.',
    remedy: 'Check the spelling of the path. The OpenAPI document lists every route.',
    delivery: 'not-sent',
    retryable: false,
  },
  'account-unknown': {
    status: 404,
    title: 'LivePerson does not know the account',
    cause: 'LivePerson’s Domain API has no messaging host for the account.',
    remedy:
      'Check the account id. If it is right, ask LivePerson whether messaging is enabled for the account.',
    delivery: 'not-sent',
    retryable: false,
  },
  'file-not-found': {
    status: 404,
    title: 'The file does not exist',
    cause: 'LiveEngage’s file storage has no file at this path.',
    remedy: 'Check the relativePath. LiveEngage does not keep files forever.',
    delivery: 'not-sent',
    retryable: false,
  },
  'method-not-allowed': {
    status: 405,
    title: 'The method is not allowed',
    cause: 'The path exists, but not with this method.',
    remedy: 'Use one of the methods in the Allow header.',
    delivery: 'not-sent',
    retryable: false,
  },
  'request-timeout': {
    status: 408,
    title: 'The request took too long to arrive',
    cause: 'The headers or the body did not arrive in time.',
    remedy: 'Send the whole request at once, on a new connection.',
    delivery: 'not-sent',
    retryable: false,
  },
  'conversation-closed': {
    status: 409,
    title: 'The conversation is closed',
    cause: 'LiveEngage accepts nothing more for a closed conversation.',
    remedy: 'Open a new conversation for the consumer, then send the request there.',
    delivery: 'not-sent',
    retryable: false,
  },
  'conversation-already-open': {
    status: 409,
    title: 'The consumer already has an open conversation',
    cause:
      'LiveEngage allows one open conversation per consumer. `profileUpdated` says whether LiveEngage accepted the profile.',
    remedy:
      'Continue in the open conversation, or close it first. Use the id that POST /conversations returned when it was opened; this answer does not have it. If the id is lost, somebody must close the conversation in LiveEngage, for example an agent.',
    delivery: 'not-sent',
    retryable: false,
  },
  'idempotency-key-in-use': {
    status: 409,
    title: 'A request with this Idempotency-Key is in progress',
    cause:
      'The first request with this Idempotency-Key has no outcome yet. LiveEngage may have received it.',
    remedy:
      'Retry the same request with the same key after the time in Retry-After. You get the outcome of the first one. If the first one was not sent, the retry is sent.',
    delivery: 'unknown',
    retryable: true,
    retryAfterSeconds: 1,
  },
  'payload-too-large': {
    status: 413,
    title: 'The body is too large',
    cause: 'The body is larger than the proxy accepts.',
    remedy: 'Send a smaller body, or a smaller picture.',
    delivery: 'not-sent',
    retryable: false,
  },
  'uri-too-long': {
    status: 414,
    title: 'An id in the path is too long',
    cause: 'An id in the path is longer than the ids of LiveEngage.',
    remedy: 'Use the id exactly as LiveEngage gave it.',
    delivery: 'not-sent',
    retryable: false,
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The content type is not supported',
    cause: 'The body has a content type or an encoding that the route does not accept.',
    remedy:
      'Send JSON as application/json in UTF-8, and pictures as multipart/form-data. Do not compress the body.',
    delivery: 'not-sent',
    retryable: false,
  },
  'host-not-allowed': {
    status: 421,
    title: 'The host is not allowed',
    cause:
      'The proxy listens on a loopback address, and the Host header has a name that it does not answer to.',
    remedy:
      'Call the proxy as localhost or 127.0.0.1. To use another name, ask the operator to add it to ALLOWED_HOSTNAMES.',
    delivery: 'not-sent',
    retryable: false,
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'The Idempotency-Key belongs to another request',
    cause:
      'A request with another path, query or body used this Idempotency-Key in the last ten minutes.',
    remedy: 'Use a new key for each new request. A retry must be the same request, byte for byte.',
    delivery: 'not-sent',
    retryable: false,
  },
  'rate-limited': {
    status: 429,
    title: 'LiveEngage limits the request rate',
    cause: 'LiveEngage receives too many requests, and refused this one.',
    remedy: 'Retry after the time in Retry-After. Spread your requests to avoid bursts.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 1,
  },
  'headers-too-large': {
    status: 431,
    title: 'The headers are too large',
    cause: 'The request line and the headers together exceed 16 KiB.',
    remedy: 'Send fewer or shorter headers. A token may have at most 8 KiB.',
    delivery: 'not-sent',
    retryable: false,
  },
  'internal-error': {
    status: 500,
    title: 'The proxy failed',
    cause:
      'The proxy itself failed. `delivery` says whether LiveEngage may have received the request.',
    remedy: 'Report the error with its requestId. The log has the error under the same id.',
    delivery: 'unknown',
    retryable: false,
  },
  'liveengage-failed': {
    status: 502,
    title: 'LiveEngage failed',
    cause:
      'LiveEngage answered with a server error or an unreadable answer, or it broke the connection.',
    remedy: mayBeProcessed,
    delivery: 'unknown',
    retryable: 'if-repeatable',
  },
  'app-refused': {
    status: 502,
    title: 'The app did not take an event',
    cause:
      'The app at EVENTS_URL answered with a status other than 2xx, broke the connection, or sent something that is not HTTP.',
    remedy:
      'LivePerson sends the notification again. The app must answer 2xx, even for a conversation that it does not know.',
    delivery: 'unknown',
    retryable: 'if-repeatable',
  },
  'app-unreachable': {
    status: 503,
    title: 'The app cannot be reached',
    cause:
      'The proxy could not connect to EVENTS_URL in time: DNS, TCP or TLS failed. Nothing was sent.',
    remedy:
      'LivePerson sends the notification again. If it keeps failing, check EVENTS_URL and that the app is running.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 1,
  },
  'liveengage-unreachable': {
    status: 503,
    title: 'LiveEngage cannot be reached',
    cause:
      'The proxy could not connect to the account’s host: DNS, TCP or TLS failed, or the connection was already dead. Nothing was sent.',
    remedy:
      'Retry after the time in Retry-After. If it keeps failing, check that the proxy can reach *.liveperson.net on port 443.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 1,
  },
  'domain-lookup-failed': {
    status: 503,
    title: 'The account’s host could not be looked up',
    cause:
      'LivePerson’s Domain API did not answer, or it named a host that LP_ALLOWED_HOSTS does not allow.',
    remedy:
      'Retry after the time in Retry-After. If it keeps failing, check LP_DOMAIN_API_URL and LP_ALLOWED_HOSTS.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 2,
  },
  'idempotency-store-unavailable': {
    status: 503,
    title: 'The store of the Idempotency-Keys is not available',
    cause:
      'The store that the replicas share is down, slow, full or read-only. Without it, a retry could be sent twice.',
    remedy:
      'Retry with the same key after the time in Retry-After. Requests without a key are not affected.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 1,
    retrySpreadSeconds: 1,
  },
  'login-failed': {
    status: 503,
    title: 'The proxy could not get a token',
    cause:
      'LivePerson’s login service (Sentinel) or its identity service (IDP) failed, or did not answer.',
    remedy:
      'Retry after the time in Retry-After. If it keeps failing, check that the proxy can reach the hosts of Sentinel and IDP.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 5,
  },
  'credentials-rejected': {
    status: 503,
    title: 'LivePerson rejected the proxy’s credentials',
    cause:
      'Sentinel, IDP or LiveEngage rejected the proxy’s client id and secret, or a token obtained with them.',
    remedy:
      'Operator: check LP_CLIENT_ID and its secret, or LP_CREDENTIALS_FILE. Check that the app is installed in the account.',
    delivery: 'not-sent',
    retryable: false,
  },
  'storage-failed': {
    status: 503,
    title: 'The picture could not be stored',
    cause: 'The upload to LiveEngage’s file storage failed. No message was published.',
    remedy: 'Send the picture again after the time in Retry-After.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 1,
  },
  overloaded: {
    status: 503,
    title: 'The proxy is overloaded',
    cause:
      'One of these: no slot for the account’s host was free (MAX_CONNECTIONS, MAX_ACCOUNT_SHARE), and the queue was full (MAX_QUEUE) or the wait too long (MAX_QUEUE_MS); a limit was reached for uploads in progress (MAX_UPLOADS), memory for large bodies (8 MiB for bodies of more than 8 KiB) or open files; the process is too busy.',
    remedy:
      'Retry after the time in Retry-After. If it keeps failing while the CPU is idle, raise MAX_CONNECTIONS; else add a replica.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 1,
    retrySpreadSeconds: 2,
  },
  'circuit-open': {
    status: 503,
    title: 'Too many calls to LiveEngage failed',
    cause:
      'At least half of the latest calls to the account’s host failed, so the proxy pauses calls to it for some seconds.',
    remedy: 'Retry after the time in Retry-After.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 5,
    retrySpreadSeconds: 2,
  },
  'deadline-exceeded': {
    status: 503,
    title: 'The deadline passed before the request was sent',
    cause:
      'The deadline (REQUEST_TIMEOUT_MS or X-Request-Timeout-Ms) passed before anything was sent to LiveEngage.',
    remedy: 'Retry. If it keeps failing, allow more time or reduce the load.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 1,
  },
  'shutting-down': {
    status: 503,
    title: 'The proxy is shutting down',
    cause: 'The request arrived after the proxy had stopped accepting requests.',
    remedy:
      'Retry on a new connection. Another replica will accept the request, or this one after its restart.',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 1,
  },
  'app-timeout': {
    status: 504,
    title: 'The app did not answer in time',
    cause: 'An event was sent to EVENTS_URL; no answer came within EVENTS_TIMEOUT_MS.',
    remedy:
      'LivePerson sends the notification again. The app should answer at once and do the work later.',
    delivery: 'unknown',
    retryable: 'if-repeatable',
  },
  'liveengage-timeout': {
    status: 504,
    title: 'LiveEngage did not answer in time',
    cause: 'The request was sent, but no complete answer arrived before the deadline.',
    remedy: mayBeProcessed,
    delivery: 'unknown',
    retryable: 'if-repeatable',
  },
} as const satisfies Record<string, ProblemDefinition>

export type ProblemCode = keyof typeof problems
