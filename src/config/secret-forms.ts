/** The forms of the proxy's own secrets. What is thrown never quotes them. */
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { isAccountId } from '../liveengage/protocol/values.ts'
import { describeFault } from '../problems/json-place.ts'
import { eventsUrlFault, isLoopbackUrl } from './events-url.ts'
import { isReadable, stateUrlPattern } from './state-url.ts'

export class FormError extends Error {}

const Text = Type.String({ minLength: 1 })

const Entry = Type.Object(
  {
    clientId: Text,
    clientSecret: Text,
    previousClientSecret: Type.Optional(Text),
    eventsUrl: Type.Optional(Text),
  },
  { additionalProperties: false },
)
export type Entry = Static<typeof Entry>

export type EventsUrlRules = {
  allowedHttpHosts: readonly string[]
  hasEventsSecret: boolean
  /** Whether each account that gets notifications needs its own `eventsUrl`, as there is no other. */
  needsUrl: boolean
  /** The account whose credentials are variables; it may be in the file for its `eventsUrl` alone. */
  ownAccountId: string | undefined
}

/**
 * Finds what no secret, id or key has. It comes from the way in which the value was passed on, and would fail at LivePerson, or at the
 * callers, much later. @returns what is wrong, to follow a name; undefined: nothing
 */
export function secretFault(text: string): string | undefined {
  if (/[\r\n]/.test(text)) return 'must not have a line break'
  if (/^\s|\s$/.test(text)) return 'must not begin or end with a blank'
  if (/^(["']).*\1$/.test(text)) {
    return 'must not be in quotes, which docker --env-file and files keep as a part of it'
  }
  return /^[ -~]*$/.test(text) ? undefined : 'must have visible ASCII characters only'
}

export function readStateUrl(text: string): string {
  const url = text.trim()
  if (!new RegExp(stateUrlPattern).test(url) || !isReadable(url)) {
    throw new FormError('the file does not have the form redis[s]://[user:password@]host[:port]')
  }
  return url
}

/** A file with one secret. Line breaks at its end are the editor's. */
export function readSecret(text: string): string {
  const secret = text.replace(/[\r\n]+$/, '')
  if (secret.trim() === '') throw new FormError('the file is empty')
  return checked(secret, 'the secret')
}

const missingUrl = 'its eventsUrl must be set, since WEBHOOK_PORT is and EVENTS_URL is not'

/** By account. */
export function readCredentials(text: string, rules: EventsUrlRules): Map<string, Entry> {
  const json = parse(text)
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new FormError(
      'the file does not have the form { "<account>": { "clientId", "clientSecret" } }',
    )
  }
  const entries = new Map<string, Entry>()
  for (const [accountId, entry] of Object.entries(json)) {
    if (!isAccountId(accountId)) {
      const line = lineOf(text, accountId)
      throw new FormError(`an account (line ${line}) must be 1 to 32 letters and digits`)
    }
    const fault = entryFault(entry, rules)
    if (fault !== undefined) {
      throw new FormError(`account ${accountId} (line ${lineOf(text, accountId)}): ${fault}`)
    }
    entries.set(accountId, Value.Parse(Entry, entry))
  }
  const { ownAccountId, needsUrl } = rules
  if (needsUrl && ownAccountId !== undefined && !entries.has(ownAccountId)) {
    throw new FormError(`account ${ownAccountId} is not in it: ${missingUrl}`)
  }
  return entries
}

function entryFault(entry: unknown, rules: EventsUrlRules): string | undefined {
  if (!Value.Check(Entry, entry)) {
    const key = String(Value.Errors(Entry, entry).First()?.path).slice(1)
    return key in Entry.properties
      ? `${key} must be a text that is not empty`
      : 'it must have clientId and clientSecret, may have previousClientSecret and eventsUrl, and nothing else'
  }
  const { eventsUrl, ...secrets } = entry
  for (const [key, secret] of Object.entries(secrets)) {
    const fault = secretFault(secret)
    if (fault !== undefined) return `${key} ${fault}`
  }
  if (eventsUrl === undefined) return rules.needsUrl ? missingUrl : undefined
  const fault = eventsUrlFault(eventsUrl, rules.allowedHttpHosts)
  if (fault !== undefined) return `eventsUrl ${fault}`
  return !rules.hasEventsSecret && !isLoopbackUrl(eventsUrl)
    ? 'eventsUrl is beyond loopback, which needs EVENTS_SECRET'
    : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new FormError(`the file is not JSON${describeFault(text)}`)
  }
}

/** From 1. If an account has two entries, the last one counts. */
function lineOf(text: string, accountId: string): number {
  const strings = [...text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?/g)]
  const key = strings.findLast(
    ([, written = '', colon]) => colon !== undefined && JSON.parse(written) === accountId,
  )
  return text.slice(0, key?.index).split('\n').length
}

/** Between commas, with or without blanks. At least one, since none would open the proxy. */
export function readKeyList(text: string): string[] {
  return needed(partsOf(text), 'key').map((key) => checked(key, 'a key'))
}

/** One a line. Empty lines and those that begin with `#` are skipped. */
export function readKeyFile(text: string): string[] {
  return needed(linesOf(text), 'key')
}

/** Those of Standard Webhooks, between commas. */
export function readEventSecretList(text: string): string[] {
  return needed(partsOf(text), 'secret').map(checkedEventSecret)
}

/** One a line, like keys. */
export function readEventSecretFile(text: string): string[] {
  return needed(linesOf(text), 'secret').map(checkedEventSecret)
}

function checkedEventSecret(secret: string): string {
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? []
  const bytes = Buffer.from(base64, 'base64').length
  if (bytes < 24 || bytes > 64) {
    throw new FormError('a secret is not whsec_ and base64 of 24 to 64 bytes')
  }
  return secret
}

function partsOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function linesOf(text: string): string[] {
  return text.split(/\r\n|\r|\n/).flatMap((line, index) => {
    const isSkipped = line.trim() === '' || line.startsWith('#')
    return isSkipped ? [] : [checked(line, `line ${index + 1}`)]
  })
}

function needed(items: string[], what: string): string[] {
  if (items.length === 0) throw new FormError(`it has no ${what}`)
  return items
}

function checked(secret: string, name: string): string {
  const fault = secretFault(secret)
  if (fault !== undefined) throw new FormError(`${name} ${fault}`)
  return secret
}
