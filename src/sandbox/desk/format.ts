/** How the desk writes times, JSON and outcomes. */

/** `14:05:09`, by the clock of the browser. */
export function timeOfDay(iso: string): string {
  return new Date(iso).toLocaleTimeString('en-GB')
}

/** JSON as people read it; other text as it is. */
export function pretty(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value, null, 2)
  try {
    return JSON.stringify(JSON.parse(value), null, 2)
  } catch {
    return value
  }
}

/** The outcome of a call or notification, for colour, never colour alone. */
export function toneOf(status: number | null, isRefused = false): 'good' | 'bad' | 'open' {
  if (status === null) return 'open'
  return !isRefused && status >= 200 && status < 300 ? 'good' : 'bad'
}
