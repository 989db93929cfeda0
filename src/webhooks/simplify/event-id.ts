/** Ids of events. They are the same in every redelivery, since they depend only on what LivePerson sends. */
import { createHash } from 'node:crypto'

/** @param change as it came: its digest replaces a part that LivePerson did not send, or that no header may have */
export function eventId(
  accountId: string,
  parts: readonly (string | number | undefined)[],
  change: unknown,
): string {
  const fit = parts.map((part) =>
    part !== undefined && /^[A-Za-z0-9_-]{1,128}$/.test(String(part))
      ? part
      : `x${digestOf(change)}`,
  )
  return ['lp', accountId, ...fit].join('-')
}

/** 12 hexadecimal digits of the SHA-256 of the value as JSON. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12)
}
