/** Whether all that a caller gave is in what was sent, wherever the translation has put it. */
import { isDeepStrictEqual } from 'node:util'

/** What the translation reads as a choice of form, or writes in LiveEngage's own words. */
const choices = new Set(['survey'])

/** A list or object is there as a whole, or each of its values is: an envelope's shape is its own. */
export function holds(sent: unknown, given: unknown): boolean {
  if (contains(sent, given)) return true
  if (typeof given === 'string') return contains(sent, given.toUpperCase())
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return false
  return Object.entries(given).every(([key, value]) => choices.has(key) || holds(sent, value))
}

function contains(sent: unknown, given: unknown): boolean {
  if (isDeepStrictEqual(sent, given)) return true
  return (
    typeof sent === 'object' &&
    sent !== null &&
    Object.values(sent).some((part) => contains(part, given))
  )
}
