/** Checks the store that the replicas share: that it answers, may be written to, and keeps what it has. */
import { randomUUID } from 'node:crypto'
import type { App } from '../app/app.ts'
import type { Check, Outcome } from './check.ts'

const remedy =
  'Set maxmemory-policy to noeviction. Otherwise the store may forget a key before its ten minutes are over, and a retry is sent again.'

export const checkStateStore: Check = {
  name: 'state-store',
  async examine({ app: { state } }) {
    if (state === undefined) {
      return { status: 'skip', detail: 'STATE_URL is not set; keys are kept in memory' }
    }
    return examine(state)
  },
}

async function examine({ connection, store }: NonNullable<App['state']>): Promise<Outcome> {
  const startedAt = performance.now()
  await connection.ping()
  const ms = Math.round((performance.now() - startedAt) * 10) / 10
  // The steps of a request with a key, under a key that is no digest.
  const claim = await store.claim(`doctor-${randomUUID()}`, 'doctor', performance.now())
  if (claim.state === 'claimed') await claim.lease.settle(undefined)
  const memory = String(await connection.memory())
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? 'unknown'
  const detail = `answers in ${ms} ms and can be written to; maxmemory-policy: ${policy}`
  const isLimited = !/^maxmemory:0\r?$/m.test(memory)
  return isLimited && policy !== 'noeviction'
    ? { status: 'warn', detail, remedy }
    : { status: 'ok', detail }
}
