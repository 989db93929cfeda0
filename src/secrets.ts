/** The proxy's own secrets: client credentials by account and API keys, from variables or files; files are read again when they change. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync, type StatsListener, unwatchFile, watchFile } from 'node:fs'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { ClientCredentials } from './liveengage/credentials.ts'

export type SecretsOptions = {
  /** The account of `clientId`. */
  accountId: string | undefined
  clientId: string | undefined
  clientSecret: string | undefined
  clientSecretFile: string | undefined
  credentialsFile: string | undefined
  apiKeys: string | undefined
  apiKeysFile: string | undefined
  /** How often a file is looked at, 2 s by default. */
  watchIntervalMs?: number
}

/** Where a secret's file stands; never what it holds. */
export type Report = (isGood: boolean, file: string, sentence: string) => void

const CredentialsFile = Type.Record(
  Type.String({ pattern: '^[A-Za-z0-9]{1,32}$' }),
  Type.Object(
    { clientId: Type.String({ minLength: 1 }), clientSecret: Type.String({ minLength: 1 }) },
    { additionalProperties: false },
  ),
  { additionalProperties: false },
)

type Watched = { file: string; listener: StatsListener; secondLook: NodeJS.Timeout }

export class Secrets {
  /** Whether there is to be any account with credentials, even while the file lists none. */
  readonly hasCredentials: boolean
  private readonly report: Report
  private readonly watchIntervalMs: number
  private readonly watched: Watched[] = []
  private own: ReadonlyMap<string, ClientCredentials> = new Map()
  private listed: ReadonlyMap<string, ClientCredentials> = new Map()
  private keys: readonly Buffer[] = []

  /** @throws Error naming every variable whose value or file cannot be read or has another form */
  constructor(options: SecretsOptions, report: Report) {
    const faults: string[] = []
    this.report = report
    this.watchIntervalMs = options.watchIntervalMs ?? 2_000
    const { accountId, clientId, clientSecret, clientSecretFile } = options
    this.hasCredentials = clientId !== undefined || options.credentialsFile !== undefined
    const keep = (secret: string) => {
      if (accountId === undefined || clientId === undefined) return
      this.own = new Map([[accountId, { clientId, clientSecret: secret }]])
    }
    if (clientSecret !== undefined) keep(clientSecret)
    this.follow(faults, 'LP_CLIENT_SECRET_FILE', clientSecretFile, (text) => keep(readSecret(text)))
    this.follow(faults, 'LP_CREDENTIALS_FILE', options.credentialsFile, (text) => {
      this.listed = new Map(Object.entries(readCredentials(text)))
    })
    const keepKeys = (text: string) => {
      this.keys = readKeys(text).map(digest)
    }
    const { apiKeys } = options
    if (apiKeys !== undefined) attempt(faults, 'API_KEYS', () => keepKeys(apiKeys))
    this.follow(faults, 'API_KEYS_FILE', options.apiKeysFile, keepKeys)
    if (faults.length > 0) {
      this.close()
      throw new Error(faults.join('\n  '))
    }
  }

  credentialsOf(accountId: string): ClientCredentials | undefined {
    return this.own.get(accountId) ?? this.listed.get(accountId)
  }

  /** Whether a caller with this key may in: any, where there are no keys. Takes the same time whichever key it is. */
  acceptsKey(key: string | undefined): boolean {
    if (this.keys.length === 0) return true
    if (key === undefined) return false
    const given = digest(key)
    let isKnown = false
    for (const known of this.keys) isKnown = timingSafeEqual(known, given) || isKnown
    return isKnown
  }

  close(): void {
    for (const { file, listener, secondLook } of this.watched) {
      unwatchFile(file, listener)
      clearTimeout(secondLook)
    }
  }

  /** Reads a file now and whenever it changes; a change that cannot be read leaves what was known. */
  private follow(
    faults: string[],
    name: string,
    file: string | undefined,
    take: (text: string) => void,
  ): void {
    if (file === undefined) return
    let latest: string | undefined
    const read = () => {
      latest = textOf(file)
      if (latest === undefined) throw new Error('unreadable')
      take(latest)
    }
    const listener = () => {
      if (textOf(file) === latest) return
      try {
        read()
        this.report(true, name, 'the file was read again')
      } catch (error) {
        this.report(
          false,
          name,
          `the file changed and ${reasonOf(error)}; what it held before stays in use`,
        )
      }
    }
    attempt(faults, name, () => {
      read()
      // A swap of a Kubernetes secret is a change of a symlink, which only looking at the file's state shows.
      watchFile(file, { interval: this.watchIntervalMs, persistent: false }, listener)
      // The watcher takes the state that it finds a moment later for the first; what changed until then only this look sees.
      const secondLook = setTimeout(listener, 2 * this.watchIntervalMs).unref()
      this.watched.push({ file, listener, secondLook })
    })
  }
}

class FormError extends Error {}

/** @returns undefined where it cannot be read */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Never the parser's own words: they quote the file. */
function reasonOf(error: unknown): string {
  return error instanceof FormError ? error.message : 'the file cannot be read'
}

/** Adds what goes wrong to the faults, under the variable's name. */
function attempt(faults: string[], name: string, read: () => void): void {
  try {
    read()
  } catch (error) {
    faults.push(`${name}: ${reasonOf(error)}`)
  }
}

function readSecret(text: string): string {
  const secret = text.trim()
  if (secret === '') throw new FormError('the file is empty')
  return secret
}

function readCredentials(text: string): Static<typeof CredentialsFile> {
  const json = parse(text)
  if (Value.Check(CredentialsFile, json)) return json
  throw new FormError('the file is not { "<account>": { "clientId", "clientSecret" } }')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new FormError('the file is not JSON')
  }
}

/** One key per line or between commas; at least one, since an empty file would open the proxy. */
function readKeys(text: string): string[] {
  const keys = text.split(/[\r\n,]+/).map((key) => key.trim())
  const given = keys.filter((key) => key !== '')
  if (given.length === 0) throw new FormError('there is no key')
  return given
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
