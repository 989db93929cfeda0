/** A histogram that is cheap to add to and is read at a scrape. */
export class Histogram {
  /** Each counts the values above the bound before it, up to its own; the last bound is infinite. */
  readonly buckets: readonly Bucket[]
  sum = 0

  /** @param bounds in rising order */
  constructor(bounds: readonly number[]) {
    this.buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound) => ({ bound, count: 0 }))
  }

  add(value: number): void {
    this.sum += value
    for (const bucket of this.buckets) {
      if (value > bucket.bound) continue
      bucket.count += 1
      break
    }
  }
}

type Bucket = { readonly bound: number; count: number }
