/** Chance that repeats itself: the same seed gives the same scripts in the same order. */

export type Random = {
  /** From 0, below 1. */
  next(): number
  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number
  pick<T>(list: readonly T[]): T
  shuffle<T>(list: readonly T[]): T[]
}

/** mulberry32. @param purpose gives each part of a run numbers of its own, whatever the other parts have drawn */
export function createRandom(seed: number, purpose: string): Random {
  let state = seed >>> 0
  for (const character of purpose) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193)
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1))
  const pick = <T>(list: readonly T[]): T => {
    const picked = list[between(0, list.length - 1)]
    if (picked === undefined) throw new Error('nothing to pick from')
    return picked
  }
  return {
    next,
    between,
    pick,
    shuffle(list) {
      const rest = [...list]
      return list.map(() => {
        const [taken] = rest.splice(between(0, rest.length - 1), 1)
        if (taken === undefined) throw new Error('a shuffle loses nothing')
        return taken
      })
    },
  }
}
