/** `liveengage-proxy/client`: the API and its events for an app in TypeScript, with nothing but `fetch` and Web Crypto. */
export {
  type CallOptions,
  type Client,
  type ClientOptions,
  createClient,
  type Picture,
  type PictureFields,
} from './client.ts'
export { type Delivery, type ErrorCode, LiveEngageProxyError } from './error.ts'
export {
  type EventHeaders,
  type EventSecrets,
  InvalidEventError,
  type LiveEngageEvent,
  readEvent,
  readRawEvent,
} from './read-event.ts'
export type {
  ChatStateUpdated,
  CloseConversationBody,
  Conversation,
  ConversationClosed,
  ConversationUpdated,
  Event,
  FileEvent,
  MessageCreated,
  OpenConversationBody,
  Problem,
  ReceiptCreated,
  SendMessageBody,
  SendReceiptBody,
  SetChatStateBody,
  SetCsatBody,
  SetProfileBody,
  SetUrgencyBody,
  StartTypingBody,
} from './schema.ts'
