/** How often values fell into which range: a histogram that is cheap to add to and is read when somebody asks. */
export class Distribution {
  /** Each counts the values above the bound before it, up to its own; the last one's is infinite. */
  readonly bins: readonly Bin[]
  sum = 0

  /** @param bounds in rising order */
  constructor(bounds: readonly number[]) {
    this.bins = [...bounds, Number.POSITIVE_INFINITY].map((bound) => ({ bound, count: 0 }))
  }

  add(value: number): void {
    this.sum += value
    for (const bin of this.bins) {
      if (value > bin.bound) continue
      bin.count += 1
      break
    }
  }
}

type Bin = { readonly bound: number; count: number }
