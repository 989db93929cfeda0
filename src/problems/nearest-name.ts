import { closest, distance } from 'fastest-levenshtein'

/** The known name that was probably meant. Case does not count. @returns undefined if none is near */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  const given = name.toLowerCase()
  const names = new Map(known.map((each) => [each.toLowerCase(), each]))
  const nearest = closest(given, [...names.keys()])
  // Two swapped letters are two mistakes.
  const mostMistakes = Math.max(Math.min(2, nearest.length / 2), nearest.length / 5)
  return distance(given, nearest) <= mostMistakes ? names.get(nearest) : undefined
}
