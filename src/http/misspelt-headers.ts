import type { IncomingHttpHeaders } from 'node:http'
import { nearestName } from '../problems/nearest-name.ts'
import type { InputError } from '../problems/problem.ts'

const known = [
  'Authorization',
  'X-LP-ON-BEHALF',
  'X-LP-Consumer-Id',
  'X-LP-Account-Id',
  'X-API-Key',
  'X-Request-Id',
  'X-Request-Timeout-Ms',
  'Idempotency-Key',
  'Client-Properties',
]
const knownNames = new Set(known.map((name) => name.toLowerCase()))

/** Headers that are probably meant to be the proxy's own. It costs some microseconds, so only failed requests are checked. */
export function misspeltHeaders(headers: IncomingHttpHeaders): InputError[] {
  return Object.keys(headers).flatMap((name) => {
    const right = knownNames.has(name) ? undefined : nearestName(name, known)
    if (right === undefined) return []
    return [{ path: `header:${name}`, message: `is not a known header (did you mean ${right}?)` }]
  })
}
