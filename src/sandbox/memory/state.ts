import type { LogLine } from '../interface.ts'
import type { Installs } from '../notifications/installs.ts'
import type { Calls } from './calls.ts'
import { type Conversations, createConversations } from './conversations.ts'
import { createFaults, type Faults } from './faults.ts'
import type { Feed } from './feed.ts'
import { createFiles, type Files } from './files.ts'
import { createTokens, type Tokens } from './tokens.ts'

export type Settings = {
  accountId: string
  clientId: string
  clientSecret: string
  appJwtLifeSeconds: number
  temporaryUrlLifeSeconds: number
  /** Whether what is not documented is refused. */
  isStrict: boolean
  /** Milliseconds since 1970; the only clock of the sandbox. */
  now: () => number
  log: (line: LogLine) => void
  /** Where the proxy in front of this sandbox is, for the commands that the desk shows. */
  proxyUrl: string
}

/** The memory of one sandbox. */
export type State = Settings & {
  tokens: Tokens
  conversations: Conversations
  files: Files
  faults: Faults
  feed: Feed
  calls: Calls
  installs: Installs
}

export function createState(
  settings: Settings,
  parts: { feed: Feed; calls: Calls; installs: Installs },
): State {
  return {
    ...settings,
    ...parts,
    tokens: createTokens(settings.now),
    conversations: createConversations(settings.now),
    files: createFiles(settings),
    faults: createFaults(() => parts.feed.publish({ type: 'faults' })),
  }
}

/** Forgets everything but the settings and the revoked tokens. */
export function forgetAll({ conversations, files, faults, calls, installs, feed }: State): void {
  conversations.clear()
  files.clear()
  faults.clear()
  calls.clear()
  installs.clear()
  feed.publish({ type: 'reset' })
}
