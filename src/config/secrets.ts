/** The proxy's own secrets: client credentials by account, and API keys. They come from variables or files; a changed file is read again. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { ClientCredentials } from '../liveengage/caller.ts'
import { followFile, reasonOf } from './secret-file.ts'
import {
  type Entry,
  readCredentials,
  readEventSecretFile,
  readEventSecretList,
  readKeyFile,
  readKeyList,
  readSecret,
  readStateUrl,
} from './secret-forms.ts'

export type SecretsOptions = {
  /** The account of `clientId`. */
  accountId: string | undefined
  clientId: string | undefined
  clientSecret: string | undefined
  clientSecretFile: string | undefined
  credentialsFile: string | undefined
  apiKeys: string | undefined
  apiKeysFile: string | undefined
  /** Of the client of `clientId`, while its secret is replaced. */
  previousClientSecret?: string | undefined
  previousClientSecretFile?: string | undefined
  /** Of the accounts that have none of their own in the credentials file. */
  eventsUrl?: string | undefined
  eventsAllowedHttpHosts?: readonly string[]
  eventsSecret?: string | undefined
  eventsSecretFile?: string | undefined
  webhookPort?: number | undefined
  /** Set if the sandbox's own account gets notifications, which needs no app. */
  sandboxPort?: number | undefined
  /** Of the store that the replicas share; it may hold a password. */
  stateUrl?: string | undefined
  stateUrlFile?: string | undefined
  /** How often a file is checked for changes; 2 s by default. */
  watchIntervalMs?: number
}

export type WebhookCredentials = { clientId: string; secrets: readonly string[] }

/** An event for the log. It never has a secret. */
export type News = {
  level: 'info' | 'warn' | 'error'
  /** The variable. */
  file: string
  sentence: string
  /** Whose credentials it concerns, at most 20 of them. */
  accountIds?: readonly string[]
}

export type Report = (news: News) => void

/** A shorter key can be guessed. */
const shortKeyLength = 16

const maxAccountsShown = 20

export class Secrets {
  /** Whether the proxy is configured with credentials, even if the file lists no account now. */
  readonly hasCredentials: boolean
  private readonly report: Report
  private readonly watchIntervalMs: number
  private readonly endings: (() => void)[] = []
  /** By account. A map of its own after each change. */
  credentials: ReadonlyMap<string, ClientCredentials> = new Map()
  /** Whether callers need an API key. */
  needsKey = false
  /** Of the store that the replicas share, if there is one. */
  stateUrl: string | undefined
  private own: ReadonlyMap<string, ClientCredentials> = new Map()
  private listed: ReadonlyMap<string, Entry> = new Map()
  private keys: readonly Buffer[] = []
  private previousClientSecret: string | undefined
  private signing: readonly string[] = []
  private readonly eventsUrl: string | undefined

  /** @throws Error that names every variable whose value or file cannot be read or is invalid */
  constructor(options: SecretsOptions, report: Report) {
    const faults: string[] = []
    this.report = report
    this.watchIntervalMs = options.watchIntervalMs ?? 2_000
    const { accountId, clientId, clientSecret, clientSecretFile } = options
    this.hasCredentials = clientId !== undefined || options.credentialsFile !== undefined
    const keep = (secret: string) => {
      if (accountId === undefined || clientId === undefined) return
      this.own = new Map([[accountId, { clientId, clientSecret: secret }]])
      this.merge()
    }
    const {
      eventsSecret,
      eventsSecretFile,
      eventsAllowedHttpHosts: allowedHttpHosts = [],
    } = options
    const hasEventsSecret = eventsSecret !== undefined || eventsSecretFile !== undefined
    const { eventsUrl, webhookPort, sandboxPort } = options
    const needsUrl =
      webhookPort !== undefined && sandboxPort === undefined && eventsUrl === undefined
    const ownAccountId = clientId === undefined ? undefined : accountId
    const rules = { allowedHttpHosts, hasEventsSecret, needsUrl, ownAccountId }
    this.eventsUrl = eventsUrl
    if (clientSecret !== undefined) keep(clientSecret)
    const own = () => (accountId === undefined ? [] : [accountId])
    const keepOwn = (text: string) => keep(readSecret(text))
    this.follow(faults, 'LP_CLIENT_SECRET_FILE', clientSecretFile, keepOwn, own)
    const keepListed = (text: string) => {
      this.listed = readCredentials(text, rules)
      this.merge()
    }
    const ofFile = () => [...this.listed.keys()].slice(0, maxAccountsShown)
    this.follow(faults, 'LP_CREDENTIALS_FILE', options.credentialsFile, keepListed, ofFile)
    const keepKeys = (name: string, keys: readonly string[]) => {
      this.keys = keys.map(digest)
      this.needsKey = true
      if (keys.every(({ length }) => length >= shortKeyLength)) return
      const sentence = `a key is shorter than ${shortKeyLength} characters and can be guessed`
      report({ level: 'warn', file: name, sentence })
    }
    const { apiKeys } = options
    if (apiKeys !== undefined) {
      attempt(faults, 'API_KEYS', () => keepKeys('API_KEYS', readKeyList(apiKeys)))
    }
    const keepKeyFile = (text: string) => keepKeys('API_KEYS_FILE', readKeyFile(text))
    this.follow(faults, 'API_KEYS_FILE', options.apiKeysFile, keepKeyFile)
    const keepPrevious = (text: string) => {
      this.previousClientSecret = readSecret(text)
    }
    this.previousClientSecret = options.previousClientSecret
    const { previousClientSecretFile } = options
    this.follow(
      faults,
      'LP_PREVIOUS_CLIENT_SECRET_FILE',
      previousClientSecretFile,
      keepPrevious,
      own,
    )
    if (eventsSecret !== undefined) {
      attempt(faults, 'EVENTS_SECRET', () => {
        this.signing = readEventSecretList(eventsSecret)
      })
    }
    this.follow(faults, 'EVENTS_SECRET_FILE', eventsSecretFile, (text) => {
      this.signing = readEventSecretFile(text)
    })
    this.stateUrl = options.stateUrl
    this.follow(faults, 'STATE_URL_FILE', options.stateUrlFile, (text) => {
      this.stateUrl = readStateUrl(text)
    })
    if (faults.length > 0) {
      this.close()
      throw new Error(faults.join('\n  '))
    }
  }

  /** What the notifications of an account are verified with. @returns undefined for an account without credentials */
  webhookCredentialsOf(accountId: string): WebhookCredentials | undefined {
    const own = this.own.get(accountId)
    if (own !== undefined) return verifying(own, this.previousClientSecret)
    const listed = this.listed.get(accountId)
    return listed === undefined ? undefined : verifying(listed, listed.previousClientSecret)
  }

  /** Where the app takes the events of an account. */
  eventsUrlOf(accountId: string): string | undefined {
    return this.listed.get(accountId)?.eventsUrl ?? this.eventsUrl
  }

  /** The current secrets of events. */
  get eventSecrets(): readonly string[] {
    return this.signing
  }

  /** Whether a caller with this key is let in; without keys, any is. Takes the same time for each key. */
  acceptsKey(key: string | undefined): boolean {
    if (!this.needsKey) return true
    if (key === undefined) return false
    const given = digest(key)
    let isKnown = false
    for (const known of this.keys) isKnown = timingSafeEqual(known, given) || isKnown
    return isKnown
  }

  close(): void {
    for (const end of this.endings) end()
  }

  /** For the default account, the variables take precedence over the file. */
  private merge(): void {
    this.credentials = new Map([...this.listed, ...this.own])
  }

  /** Reads a file now and whenever it changes. If the new content is invalid, the old one stays in use. */
  private follow(
    faults: string[],
    name: string,
    file: string | undefined,
    take: (text: string) => void,
    accounts: () => readonly string[] = () => [],
  ): void {
    if (file === undefined) return
    const onChange = (reason: string | undefined) => {
      const accountIds = accounts()
      this.report({
        level: reason === undefined ? 'info' : 'error',
        file: name,
        sentence:
          reason === undefined
            ? 'the file was read again'
            : `the file changed and ${reason}; its previous content stays in use`,
        ...(accountIds.length > 0 && { accountIds }),
      })
    }
    attempt(faults, name, () => {
      const intervalMs = this.watchIntervalMs
      this.endings.push(followFile(file, { take, onChange, intervalMs }))
    })
  }
}

/** Adds an error to the faults, under the name of the variable. */
function attempt(faults: string[], name: string, read: () => void): void {
  try {
    read()
  } catch (error) {
    faults.push(`${name}: ${reasonOf(error)}`)
  }
}

function verifying(
  { clientId, clientSecret }: ClientCredentials,
  previous: string | undefined,
): WebhookCredentials {
  return { clientId, secrets: previous === undefined ? [clientSecret] : [clientSecret, previous] }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
