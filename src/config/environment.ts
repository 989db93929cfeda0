/** The environment: each variable with its default, its bounds and its meaning. */
import { type Static, Type } from '@sinclair/typebox'
import { accountListPattern, accountPattern } from '../liveengage/protocol/values.ts'
import { StringEnum } from '../string-enum.ts'
import { stateUrlPattern } from './state-url.ts'

const eventType =
  '(message\\.created|receipt\\.created|chat_state\\.updated|conversation\\.updated|conversation\\.closed)'

/** Companies set it for every program, in upper or in lower case. */
const egressProxy = {
  isAlsoLowerCase: true,
  form: 'an http or https URL without a path, for example http://proxy.internal:3128',
  pattern: '^https?://[^\\s/?#]+/?$',
}

/** `isHost`: brackets around an IPv6 address are removed. */
const host = {
  isHost: true,
  minLength: 1,
  form: 'an address or a name without a port, for example 127.0.0.1 or ::',
}

/** One property per variable. The table of variables and `.env.example` are compared with it. `form` says what a pattern means, `isVerbatim` that the value goes to LivePerson as it is. */
export const Environment = Type.Object({
  HOST: Type.String({
    ...host,
    default: '127.0.0.1',
    description: 'Address to listen on. `::` listens on IPv6 and IPv4; the Docker image sets it',
  }),
  PORT: Type.Integer({
    default: 3000,
    minimum: 0,
    maximum: 65535,
    description: 'Port to listen on. `0` picks a free port',
  }),
  ALLOWED_HOSTNAMES: Type.Optional(
    Type.String({
      form: 'names of at most 253 characters, separated by commas, for example proxy.internal,my-laptop',
      pattern: '^[A-Za-z0-9._-]{1,253}(,[A-Za-z0-9._-]{1,253}){0,63}$',
      description:
        'Names, separated by commas, that a listener on a loopback address answers to, in addition to `localhost`, `127.0.0.0/8` and `[::1]`. Every other `Host` gets 421 `host-not-allowed`, so that a web page cannot call the proxy under a name that the page’s owner controls',
    }),
  ),
  PUBLIC_URL: Type.Optional(
    Type.String({
      form: 'an http or https URL without query and fragment, for example https://api.example.com/liveengage',
      pattern:
        '^https?://([A-Za-z0-9][A-Za-z0-9._-]{0,252}|\\[[0-9A-Fa-f:.]{2,45}\\])(:[0-9]{1,5})?(/[A-Za-z0-9._~%/-]{0,1024})?$',
      description:
        'URL at which callers reach the proxy, with its path prefix. With it, these are absolute URLs: `Location`, the `type` of a problem, `servers` in the OpenAPI document and the `href` of a file in an event. Without it, the `href` is a path of this API. Pages of its origin count as the proxy’s own',
    }),
  ),
  LP_ACCOUNT_ID: Type.Optional(
    Type.String({
      pattern: accountPattern,
      form: '1 to 32 letters and digits, for example 12345678',
      description: 'LivePerson account of requests without `X-LP-Account-Id`',
    }),
  ),
  LP_ALLOWED_ACCOUNTS: Type.Optional(
    Type.String({
      pattern: accountListPattern,
      form: 'accounts separated by commas, for example 12345678,87654321',
      description:
        'Accounts that requests may use, separated by commas. Default: `LP_ACCOUNT_ID` and the accounts with credentials, or any account if there is neither',
    }),
  ),
  LP_CLIENT_ID: Type.Optional(
    Type.String({
      isVerbatim: true,
      description: 'Client id of the app installation in `LP_ACCOUNT_ID`',
    }),
  ),
  LP_CLIENT_SECRET: Type.Optional(
    Type.String({
      isVerbatim: true,
      description: 'Client secret that belongs to `LP_CLIENT_ID`',
    }),
  ),
  LP_CLIENT_SECRET_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'File with the client secret, instead of `LP_CLIENT_SECRET`. It is read again when it changes',
    }),
  ),
  LP_PREVIOUS_CLIENT_SECRET: Type.Optional(
    Type.String({
      isVerbatim: true,
      description:
        'Previous client secret of `LP_CLIENT_ID`, while it is replaced. It only verifies notifications',
    }),
  ),
  LP_PREVIOUS_CLIENT_SECRET_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'File with the previous client secret, instead of `LP_PREVIOUS_CLIENT_SECRET`. It is read again when it changes',
    }),
  ),
  LP_CREDENTIALS_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'JSON file with the credentials of several accounts: `{ "<account>": { "clientId", "clientSecret", "previousClientSecret"?, "eventsUrl"? } }`. It is read again when it changes',
    }),
  ),
  LP_DOMAIN_API_URL: Type.String({
    default: 'https://api.liveperson.net',
    form: 'an https URL without a path, for example https://api.liveperson.net',
    pattern: '^https?://([A-Za-z0-9][A-Za-z0-9.-]*|\\[::1\\])(:[0-9]{1,5})?/?$',
    description:
      'URL of the Domain API. `http` is allowed only for a loopback host. All calls to LivePerson use the same scheme',
  }),
  LP_ALLOWED_HOSTS: Type.String({
    default: '.liveperson.net',
    form: 'hosts separated by commas, for example .liveperson.net',
    pattern: '^[A-Za-z0-9.-]+(:[0-9]{1,5})?(,[A-Za-z0-9.-]+(:[0-9]{1,5})?)*$',
    description:
      'Hosts that tokens may be sent to: `.suffix`, `host` or `host:port`, separated by commas',
  }),
  LP_DOMAIN_TTL_SECONDS: Type.Integer({
    default: 300,
    minimum: 1,
    maximum: 86400,
    description: 'How long the host of an account is cached before it is looked up again',
  }),
  LP_DOMAIN_STALE_SECONDS: Type.Integer({
    default: 86400,
    minimum: 0,
    maximum: 604800,
    description: 'How much longer a cached host is used while the Domain API fails',
  }),
  LP_CLIENT_FEATURES: Type.Optional(
    Type.String({
      form: 'names in capitals separated by commas, for example AUTO_MESSAGES,RICH_CONTENT',
      pattern: '^[A-Z_]{1,64}(,[A-Z_]{1,64})*$',
      description:
        'Features in the `Client-Properties` header of requests that send none, for example `AUTO_MESSAGES,RICH_CONTENT`',
    }),
  ),
  REQUEST_TIMEOUT_MS: Type.Integer({
    default: 10000,
    minimum: 100,
    maximum: 120000,
    description: 'Deadline of a request, including the queue, look-ups and resends',
  }),
  CONNECT_TIMEOUT_MS: Type.Integer({
    default: 2000,
    minimum: 50,
    maximum: 60000,
    description: 'Timeout for opening a connection to LivePerson',
  }),
  HTTPS_PROXY: Type.Optional(
    Type.String({
      ...egressProxy,
      description:
        'Egress proxy for calls to https hosts. `https_proxy` takes precedence. A user and a password in it go only to that proxy',
    }),
  ),
  HTTP_PROXY: Type.Optional(
    Type.String({
      ...egressProxy,
      description: 'Egress proxy for calls to http hosts. `http_proxy` takes precedence',
    }),
  ),
  NO_PROXY: Type.Optional(
    Type.String({
      isAlsoLowerCase: true,
      minLength: 1,
      description:
        'Hosts that are called without the egress proxy: `host`, `.suffix`, `host:port` or `*`, separated by commas. Loopback hosts always are. `no_proxy` takes precedence',
    }),
  ),
  MAX_CONNECTIONS: Type.Integer({
    default: 128,
    minimum: 1,
    maximum: 4096,
    description: 'Limit of requests in flight, and of connections, for each LiveEngage host',
  }),
  MAX_QUEUE: Type.Integer({
    default: 256,
    minimum: 0,
    maximum: 65536,
    description:
      'Limit of queued requests for each host. Beyond it the answer is 503 `overloaded`. Chat states may use only a quarter of the queue; receipts, profile, csat and urgency half',
  }),
  MAX_QUEUE_MS: Type.Integer({
    default: 1000,
    minimum: 1,
    maximum: 60000,
    description:
      'Longest wait for a free connection. A message’s wait for its turn may take as long as its deadline',
  }),
  MAX_ACCOUNT_SHARE: Type.Number({
    default: 1,
    minimum: 0.01,
    maximum: 1,
    description:
      'Share of `MAX_CONNECTIONS` and `MAX_QUEUE` that one account may use, for example `0.5` if the proxy serves several accounts',
  }),
  MESSAGE_ORDER: StringEnum(['arrival', 'none'], {
    default: 'arrival',
    description:
      '`arrival`: messages, pictures and the close of one conversation are sent in the order in which they arrived, each once the one before it has its answer. `none`: they do not wait for each other',
  }),
  BODY_LIMIT_BYTES: Type.Integer({
    default: 65536,
    minimum: 1024,
    maximum: 1048576,
    description: 'Largest JSON body',
  }),
  FILE_LIMIT_BYTES: Type.Integer({
    default: 3145728,
    minimum: 1024,
    maximum: 3145728,
    description: 'Largest picture. LiveEngage accepts up to 3 MB',
  }),
  MAX_UPLOADS: Type.Integer({
    default: 8,
    minimum: 1,
    maximum: 1024,
    description: 'Limit of uploads at a time. Each picture is held in memory',
  }),
  API_KEYS: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'API keys of the proxy, separated by commas. Callers send one in `X-API-Key`. A key of fewer than 16 characters gets a warning',
    }),
  ),
  API_KEYS_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'File with the API keys, one per line, instead of `API_KEYS`. Empty lines and lines that begin with `#` are skipped. It is read again when it changes',
    }),
  ),
  ALLOW_ANONYMOUS: Type.Boolean({
    default: false,
    description:
      '`true` lets a proxy with credentials start on a non-loopback `HOST` without API keys. Anyone who can reach it can then send messages',
  }),
  STATE_URL: Type.Optional(
    Type.String({
      form: 'a redis or rediss URL, for example rediss://:password@store.example.com:6379',
      pattern: stateUrlPattern,
      description:
        'URL of a Redis or Valkey that all replicas share, `redis` or `rediss` (TLS). It makes `Idempotency-Key` hold across replicas and restarts. Without it, keys are kept in memory',
    }),
  ),
  STATE_URL_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'File with that URL, instead of `STATE_URL`. It is read again when it changes, and used for the next connection',
    }),
  ),
  SHUTDOWN_DELAY_MS: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 120000,
    description:
      'How long the proxy keeps accepting requests after SIGTERM, while `/readyz` answers 503',
  }),
  SHUTDOWN_TIMEOUT_MS: Type.Integer({
    default: 12000,
    minimum: 100,
    maximum: 300000,
    description: 'Longest time from SIGTERM to the end of the process',
  }),
  ADMIN_HOST: Type.String({
    ...host,
    default: '0.0.0.0',
    description:
      'Address of the admin listener. A kubelet can reach the address of the pod, but not its loopback',
  }),
  ADMIN_PORT: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 65535,
      description:
        'Port of the admin listener. If it is set, `/livez`, `/readyz` and `/metrics` are on this port only and need no API key. `0` picks a free port',
    }),
  ),
  WEBHOOK_HOST: Type.String({
    ...host,
    default: '0.0.0.0',
    description:
      'Address of the webhook listener. With `SANDBOX=true` it is `127.0.0.1` unless you set it, since everybody knows the secret of the sandbox',
  }),
  WEBHOOK_PORT: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 65535,
      description:
        'Port of the webhook listener, where LivePerson sends notifications to `POST /webhooks/liveperson`. `0` picks a free port',
    }),
  ),
  WEBHOOK_BODY_LIMIT_BYTES: Type.Integer({
    default: 1048576,
    minimum: 65536,
    maximum: 4194304,
    description: 'Largest notification',
  }),
  WEBHOOK_MAX_IN_FLIGHT: Type.Integer({
    default: 64,
    minimum: 1,
    maximum: 1024,
    description: 'Limit of notifications in flight to the app. Beyond it the answer is 503',
  }),
  EVENTS_URL: Type.Optional(
    Type.String({
      form: 'an http or https URL, for example https://app.example.com/events',
      pattern: '^https?://[!-~]{1,2048}$',
      description:
        'URL that the app takes events at: `https`, or `http` to a loopback host or a host of `EVENTS_ALLOWED_HTTP_HOSTS`. The `eventsUrl` of an account in `LP_CREDENTIALS_FILE` takes precedence. Required with `WEBHOOK_PORT`, unless each account with credentials has an `eventsUrl`',
    }),
  ),
  EVENTS_ALLOWED_HTTP_HOSTS: Type.Optional(
    Type.String({
      form: 'hosts separated by commas, for example .svc.cluster.local',
      pattern: '^[A-Za-z0-9.-]+(:[0-9]{1,5})?(,[A-Za-z0-9.-]+(:[0-9]{1,5})?)*$',
      description:
        'Hosts beyond loopback that events may be sent to over `http`: `.suffix`, `host` or `host:port`, separated by commas',
    }),
  ),
  EVENTS_SECRET: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'Secret that events are signed with (Standard Webhooks): `whsec_` and base64 of 24 to 64 bytes. Separate several by commas while one is replaced. Required unless the app is on loopback',
    }),
  ),
  EVENTS_SECRET_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'File with the secrets, one per line, instead of `EVENTS_SECRET`. Empty lines and lines that begin with `#` are skipped. It is read again when it changes',
    }),
  ),
  EVENTS_TIMEOUT_MS: Type.Integer({
    default: 2000,
    minimum: 100,
    maximum: 4500,
    description:
      'Deadline of a notification. LivePerson waits 5 s, and may disable an endpoint whose answers take more than 2.5 s over two minutes',
  }),
  EVENTS_INCLUDE: Type.Optional(
    Type.String({
      form: 'consumer, internal or both separated by a comma',
      pattern: '^(consumer|internal)(,(consumer|internal))*$',
      description:
        'Additional events that the app gets, separated by commas: `consumer` is what the consumer did, `internal` is what agents say among themselves',
    }),
  ),
  EVENTS_EXCLUDE: Type.Optional(
    Type.String({
      form: 'types of events separated by commas, for example chat_state.updated',
      pattern: `^${eventType}(,${eventType})*$`,
      description:
        'Types of events that the app does not get, separated by commas, for example `chat_state.updated`',
    }),
  ),
  LOG_LEVEL: StringEnum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'Lowest level that is logged',
  }),
  DOCS: StringEnum(['on', 'spec', 'off'], {
    default: 'on',
    description:
      '`on`: Swagger UI and the OpenAPI documents. `spec`: the documents only. `off`: neither',
  }),
  SANDBOX: Type.Boolean({
    default: false,
    description:
      '`true` starts the sandbox, a simulated LiveEngage, and uses it instead of LivePerson',
  }),
  SANDBOX_PORT: Type.Integer({
    default: 3001,
    minimum: 0,
    maximum: 65535,
    description: 'Port of the sandbox. `0` picks a free port',
  }),
  SANDBOX_STRICT: Type.Boolean({
    default: false,
    description: '`true`: the sandbox refuses what LivePerson’s documentation does not describe',
  }),
  SANDBOX_WEBHOOK_URL: Type.Optional(
    Type.String({
      form: 'an http or https URL, for example http://127.0.0.1:8080/webhooks',
      pattern: '^https?://[!-~]{1,2048}$',
      description:
        'Where the sandbox sends notifications, instead of the webhook listener of this proxy. Without `WEBHOOK_PORT`, that listener takes a free port on loopback',
    }),
  ),
})
export type Environment = Static<typeof Environment>
