/** The operations of the API, each as a method of the same name. */
import { type Call, makeCall, type Terms } from './call.ts'
import { isRecord, parse } from './failures.ts'
import type {
  CloseConversationBody,
  Conversation,
  Event,
  FileEvent,
  OpenConversationBody,
  SendMessageBody,
  SendReceiptBody,
  SetChatStateBody,
  SetCsatBody,
  SetProfileBody,
  SetUrgencyBody,
  StartTypingBody,
} from './schema.ts'

/** Who calls, and for whom. */
export type Caller = {
  /** Your own stable id of the consumer, for whom the proxy gets the token. */
  consumerId?: string
  /** The token of the consumer, if the proxy is not to get it. */
  consumerJws?: string
  /** The token of your app, if the proxy is not to get it. */
  appJwt?: string
  /** The LivePerson account; default: that of the proxy. */
  accountId?: string
  /** Additional headers, as `Client-Properties` or `X-Request-Id`. */
  headers?: Record<string, string>
  /** For a call with all its attempts. Default: 30000. */
  timeoutMs?: number
}

export type ClientOptions = Caller & {
  /** Where the proxy is, with its path prefix if it has one. */
  baseUrl: string | URL
  /** One of the proxy's own keys, if it has any. */
  apiKey?: string
  /** For one attempt; longer than the proxy's REQUEST_TIMEOUT_MS. Default: 15000. */
  attemptTimeoutMs?: number
  /** Default: 10. */
  maxAttempts?: number
  /** Default: the global one. */
  fetch?: Terms['fetch']
}

/** For one call. A consumer named here overrides the client's. */
export type CallOptions = Caller & {
  /** Of a POST. Default: one of its own for each call that sends something new. */
  idempotencyKey?: string
  signal?: AbortSignal
}

/** A stream is read to its end before anything is sent, so that a retry has the same bytes. */
export type Picture = Blob | ArrayBuffer | Uint8Array | ReadableStream<Uint8Array>

export type PictureFields = {
  caption?: string
  /** A small picture as a data URL. */
  preview?: string
  dialogId?: string
  metadata?: SendReceiptBody['metadata']
}

/** A call that fails throws a LiveEngageProxyError. An id that is no path segment throws a TypeError, and a stream that breaks its own error. */
export type Client = {
  openConversation(body?: OpenConversationBody, options?: CallOptions): Promise<Conversation>
  sendMessage(id: string, body: SendMessageBody, options?: CallOptions): Promise<Event>
  startTyping(id: string, body?: StartTypingBody, options?: CallOptions): Promise<void>
  stopTyping(id: string, query?: { dialogId?: string }, options?: CallOptions): Promise<void>
  setChatState(id: string, body: SetChatStateBody, options?: CallOptions): Promise<void>
  sendReceipt(id: string, body: SendReceiptBody, options?: CallOptions): Promise<Event>
  setUrgency(id: string, body: SetUrgencyBody, options?: CallOptions): Promise<void>
  setCsat(id: string, body: SetCsatBody, options?: CallOptions): Promise<void>
  closeConversation(id: string, body?: CloseConversationBody, options?: CallOptions): Promise<void>
  setProfile(body: SetProfileBody, options?: CallOptions): Promise<void>
  sendFile(
    id: string,
    picture: Picture,
    fields?: PictureFields,
    options?: CallOptions,
  ): Promise<FileEvent>
  /** @param relativePath as `sendFile` answers it, and as the event of a picture has it */
  getFile(id: string, relativePath: string, options?: CallOptions): Promise<Blob>
}

/** What the answer of an operation is, and what it may do. */
type Kind<Answer> = Pick<Call<Answer>, 'success' | 'read' | 'isRepeatable'>

const silent: Kind<true> = { success: 204, read: async () => true, isRepeatable: true }
const bytes: Kind<Blob> = {
  success: 200,
  read: (response) => response.blob(),
  isRepeatable: true,
}
/** Without its key, a retry would do it twice. */
function created<Answer extends { conversationId: string }>(): Kind<Answer> {
  const isAnswer = (value: unknown): value is Answer =>
    isRecord(value) && typeof value['conversationId'] === 'string'
  const read = async (response: Response) => {
    const value = parse(await response.text())
    return isAnswer(value) ? value : undefined
  }
  return { success: 201, read, isRepeatable: false }
}
const conversation = created<Conversation>()
const event = created<Event>()
const fileEvent = created<FileEvent>()

export function createClient(client: ClientOptions): Client {
  const base = new URL(client.baseUrl).href.replace(/\/$/, '')

  function call<Answer>(
    kind: Kind<Answer>,
    method: string,
    path: string,
    body: object | undefined,
    options: CallOptions = {},
  ): Promise<Answer> {
    const headers = headersOf(client, options)
    const isForm = body instanceof FormData
    if (body !== undefined && !isForm) headers.set('Content-Type', 'application/json')
    const idempotencyKey =
      options.idempotencyKey ?? (kind.isRepeatable ? undefined : crypto.randomUUID())
    if (idempotencyKey !== undefined) headers.set('Idempotency-Key', idempotencyKey)
    const requestId = headers.get('X-Request-Id') ?? crypto.randomUUID()
    headers.set('X-Request-Id', requestId)
    return makeCall(
      {
        ...kind,
        url: `${base}${path}`,
        method,
        headers,
        body: body === undefined || isForm ? body : JSON.stringify(body),
        requestId,
        idempotencyKey,
        // With the caller's own key, the same call again has the same key.
        isRepeatable: kind.isRepeatable || options.idempotencyKey !== undefined,
      },
      {
        fetch: client.fetch ?? fetch,
        timeoutMs: options.timeoutMs ?? client.timeoutMs ?? 30_000,
        attemptTimeoutMs: client.attemptTimeoutMs ?? 15_000,
        maxAttempts: client.maxAttempts ?? 10,
        signal: options.signal,
      },
    )
  }

  async function set(method: string, path: string, body?: object, options?: CallOptions) {
    await call(silent, method, path, body, options)
  }

  return {
    openConversation: async (body, options) =>
      call(conversation, 'POST', '/conversations', body, options),
    sendMessage: async (id, body, options) =>
      call(event, 'POST', pathOf(id, 'messages'), body, options),
    startTyping: async (id, body, options) => set('POST', pathOf(id, 'typing'), body, options),
    stopTyping: async (id, { dialogId } = {}, options) => {
      const query = dialogId === undefined ? '' : `?dialogId=${encodeURIComponent(dialogId)}`
      await set('DELETE', `${pathOf(id, 'typing')}${query}`, undefined, options)
    },
    setChatState: async (id, body, options) => set('PUT', pathOf(id, 'chat-state'), body, options),
    sendReceipt: async (id, body, options) =>
      call(event, 'POST', pathOf(id, 'receipts'), body, options),
    setUrgency: async (id, body, options) => set('PUT', pathOf(id, 'urgency'), body, options),
    setCsat: async (id, body, options) => set('PUT', pathOf(id, 'csat'), body, options),
    closeConversation: async (id, body, options) => set('POST', pathOf(id, 'close'), body, options),
    setProfile: async (body, options) => set('PUT', '/consumer/profile', body, options),
    sendFile: async (id, picture, fields, options) =>
      call(fileEvent, 'POST', pathOf(id, 'files'), await formOf(picture, fields), options),
    getFile: async (id, relativePath, options) => {
      const path = pathOf(id, 'files', ...relativePath.replace(/^\//, '').split('/'))
      return call(bytes, 'GET', path, undefined, options)
    },
  }
}

function headersOf(client: ClientOptions, call: CallOptions): Headers {
  const headers = new Headers({ ...client.headers, ...call.headers })
  const isNamed = call.consumerId !== undefined || call.consumerJws !== undefined
  const { consumerId, consumerJws } = isNamed ? call : client
  for (const [name, value] of [
    ['X-API-Key', client.apiKey],
    ['X-LP-Account-Id', call.accountId ?? client.accountId],
    ['Authorization', call.appJwt ?? client.appJwt],
    ['X-LP-ON-BEHALF', consumerJws],
    ['X-LP-Consumer-Id', consumerId],
  ] as const) {
    if (value !== undefined) headers.set(name, value)
  }
  return headers
}

/** @throws TypeError for a part that would lead to another route */
function pathOf(id: string, ...parts: string[]): string {
  for (const part of [id, ...parts]) {
    if (/^\.{0,2}$/.test(part)) throw new TypeError(`"${part}" is no part of a path`)
  }
  return `/conversations/${[id, ...parts].map(encodeURIComponent).join('/')}`
}

async function formOf(
  picture: Picture,
  { metadata, ...texts }: PictureFields = {},
): Promise<FormData> {
  const form = new FormData()
  for (const [name, text] of Object.entries(texts)) form.set(name, text)
  if (metadata !== undefined) form.set('metadata', JSON.stringify(metadata))
  form.set('file', await blobOf(picture))
  return form
}

async function blobOf(picture: Picture): Promise<Blob> {
  if (picture instanceof Blob) return picture
  if (picture instanceof ReadableStream) return new Response(picture).blob()
  return new Blob([new Uint8Array(picture)])
}
