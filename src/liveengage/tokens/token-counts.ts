/** How often a kind of token was at hand, and what came of its renewals. */

type CacheCounts = { hit: number; miss: number; refused: number }
type RenewalCounts = { ok: number; failed: number }

/** Since the start. */
export type TokenCounts = {
  /** Requests for a token: from the cache, after a wait for LivePerson, or refused because an earlier login had failed. */
  cache: CacheCounts
  /** By cause: the token's age, or LiveEngage's refusal of it. */
  renewals: { age: RenewalCounts; refusal: RenewalCounts }
}

export function noTokenCounts(): TokenCounts {
  return {
    cache: { hit: 0, miss: 0, refused: 0 },
    renewals: { age: { ok: 0, failed: 0 }, refusal: { ok: 0, failed: 0 } },
  }
}

/** Counts the result of a renewal. */
export async function counted<T>(counts: RenewalCounts, renewal: Promise<T>): Promise<T> {
  try {
    const token = await renewal
    counts.ok += 1
    return token
  } catch (error) {
    counts.failed += 1
    throw error
  }
}
