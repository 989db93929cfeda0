import { type Conversations, createConversations } from './conversations.ts'
import { createStorage, type Storage } from './storage.ts'
import { createTokens, type Tokens } from './tokens.ts'

export type Settings = {
  clientId: string
  clientSecret: string
  appJwtLifeSeconds: number
  temporaryUrlLifeSeconds: number
  /** Milliseconds since 1970; the only clock of the sandbox. */
  now: () => number
}

/** All that one sandbox remembers. */
export type State = Settings & {
  tokens: Tokens
  conversations: Conversations
  storage: Storage
}

export function createState(settings: Settings): State {
  return {
    ...settings,
    tokens: createTokens(settings.now),
    conversations: createConversations(),
    storage: createStorage(settings),
  }
}
