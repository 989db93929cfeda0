/** Keeps the requests in progress, and the answers of the last ten minutes, for all replicas. */
import { randomBytes } from 'node:crypto'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { Problem } from '../problems/problem.ts'
import { StringEnum } from '../string-enum.ts'
import {
  claim,
  exists,
  fingerprintLength,
  finish,
  forget,
  type Script,
  tokenLength,
  write,
} from './redis-scripts.ts'
import type { Claim, IdempotencyStore, Lease, Outcome } from './store.ts'

export type RunScript = (script: Script, key: string, args: readonly string[]) => Promise<unknown>

/** How long an outcome, or the state `writing`, is kept, milliseconds. */
const keptMs = 10 * 60 * 1000

/** A request may end a little after its deadline. */
const graceMs = 2_000

export class RedisStore implements IdempotencyStore {
  private readonly run: RunScript
  private readonly lostAfterMs: number

  /** @param run throws Problem `idempotency-store-unavailable` @param longestMs the longest deadline of a request */
  constructor(run: RunScript, longestMs: number) {
    this.run = run
    this.lostAfterMs = longestMs + graceMs
  }

  async has(key: string): Promise<boolean> {
    return (await this.run(exists, nameOf(key), [])) === 1
  }

  async claim(key: string, fingerprint: string, deadline: number): Promise<Claim> {
    const name = nameOf(key)
    const token = randomBytes(16).toString('base64url')
    const lease = new RedisLease(this.run, name, token)
    const lifeMs = Math.max(Math.ceil(deadline - performance.now()), 0) + graceMs
    try {
      const reply = await this.run(claim, name, [`c${token}${fingerprint}`, String(lifeMs)])
      if (!Array.isArray(reply)) return { state: 'claimed', lease }
      return this.read(String(reply[0]), Number(reply[1]), fingerprint)
    } catch (error) {
      // The claim may have arrived although its answer did not.
      void lease.settle(undefined)
      throw error
    }
  }

  private read(value: string, lifeMs: number, fingerprint: string): Claim {
    const head = 1 + tokenLength
    const rest = head + fingerprintLength
    if (value.slice(head, rest) !== fingerprint) return { state: 'reused' }
    if (value.startsWith('d')) return { state: 'known', outcome: decode(value.slice(rest)) }
    const isLost = value.startsWith('w') && keptMs - lifeMs > this.lostAfterMs
    return { state: isLost ? 'lost' : 'running' }
  }
}

class RedisLease implements Lease {
  private readonly run: RunScript
  private readonly name: string
  private readonly token: string
  private writing: Promise<void> | undefined

  constructor(run: RunScript, name: string, token: string) {
    this.run = run
    this.name = name
    this.token = token
  }

  /** Asked again for each resend; once it may write, it may until its deadline. */
  readonly write = (): Promise<void> => {
    this.writing ??= this.beginWriting()
    return this.writing
  }

  private async beginWriting(): Promise<void> {
    const { name, token } = this
    if ((await this.run(write, name, [token, String(keptMs)])) === 1) return
    const detail = 'The key was claimed for too long, and is no longer held; nothing was sent.'
    throw new Problem('idempotency-store-unavailable', { detail })
  }

  /** What cannot be kept is counted; the answer stands all the same. Nobody sends again what was written. */
  async settle(outcome: Outcome | undefined): Promise<void> {
    const { name, token } = this
    const settling =
      outcome === undefined
        ? this.run(forget, name, [token])
        : this.run(finish, name, [token, String(keptMs), encode(outcome)])
    await settling.catch(() => undefined)
  }
}

function nameOf(key: string): string {
  return `liveengage-proxy:${key}`
}

const Stored = Type.Object({
  status: Type.Integer(),
  contentType: Type.Optional(Type.String()),
  location: Type.Optional(Type.String()),
  encoding: StringEnum(['utf8', 'base64']),
  payload: Type.String(),
})

/** At most 64 KiB and what holds them: LiveEngage's answers are no longer. */
function encode({ status, contentType, location, payload }: Outcome): string {
  const stored: Static<typeof Stored> =
    typeof payload === 'string'
      ? { status, encoding: 'utf8', payload }
      : { status, encoding: 'base64', payload: Buffer.from(payload).toString('base64') }
  return JSON.stringify({ ...stored, contentType, location })
}

function decode(text: string): Outcome {
  const { status, contentType, location, encoding, payload } = Value.Parse(Stored, JSON.parse(text))
  const isText = encoding === 'utf8'
  return {
    status,
    contentType,
    location,
    payload: isText ? payload : Buffer.from(payload, encoding),
  }
}
