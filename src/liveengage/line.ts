/**
 * A line in which anyone may also leave before their turn. An array, not a Set: an old Set keeps what came and went through it alive
 * until V8 collects everything, which under load is a megabyte for every scavenge.
 */
export class Line<T extends object> {
  /** From `first` on; who left early has left a gap. */
  private readonly places: (T | undefined)[] = []
  private first = 0
  private count = 0

  get size(): number {
    return this.count
  }

  join(item: T): void {
    // What is behind is dropped once it is half of all.
    if (this.first * 2 > this.places.length) {
      this.places.splice(0, this.first)
      this.first = 0
    }
    this.places.push(item)
    this.count += 1
  }

  /** Whoever is not in it may leave, too. */
  leave(item: T): void {
    const place = this.places.indexOf(item, this.first)
    if (place === -1) return
    this.places[place] = undefined
    this.count -= 1
    while (this.first < this.places.length && this.places[this.first] === undefined) this.first += 1
  }

  /** In the order of coming; anyone may leave meanwhile, and nobody join. */
  *[Symbol.iterator](): Generator<T> {
    for (let place = this.first; place < this.places.length; place += 1) {
      const item = this.places[place]
      if (item !== undefined) yield item
    }
  }
}
