/**
 * Bounds of an LRUCache that grow with what is in it. Its own `max` makes room for all entries at once, which took 3 ms of the
 * start and 0.7 MB of memory for 10,000.
 */

type Bounds<Value> = {
  maxSize: number
  sizeCalculation: (value: Value, key: string) => number
}

/** At most so many entries. */
export function atMost(entries: number): Bounds<unknown> {
  return { maxSize: entries, sizeCalculation: () => 1 }
}

/** At most so many entries, and at most so many bytes: each entry counts at least as its share of them. */
export function atMostOf<Value>(
  entries: number,
  bytes: number,
  bytesOf: (value: Value, key: string) => number,
): Bounds<Value> {
  const share = Math.floor(bytes / entries)
  return {
    maxSize: share * entries,
    sizeCalculation: (value, key) => Math.max(share, bytesOf(value, key)),
  }
}
