/** Tokens, secrets and words that can be recognized wherever they turn up. */

/** Watches a stream for marks that must not be in it, also across its chunks. */
export class Watch {
  private readonly marks: readonly string[]
  private readonly longest: number
  private tail = ''
  found = 0

  constructor(marks: readonly string[]) {
    this.marks = marks
    this.longest = Math.max(...marks.map(({ length }) => length))
  }

  see(chunk: string): void {
    const text = this.tail + chunk
    for (const mark of this.marks) {
      // What lies wholly in the tail was counted with the chunk before.
      let at = text.indexOf(mark, Math.max(0, this.tail.length - mark.length + 1))
      for (; at !== -1; at = text.indexOf(mark, at + mark.length)) this.found += 1
    }
    this.tail = text.slice(-this.longest)
  }
}

export type Marks = {
  /** In each token and secret of this run. */
  secret: string
  /** In each text of a message of this run. */
  words: string
  appJwt: string
  /** @param id of the message; the upstream reads it from the token, before the body has come */
  consumerJws(id: string): string
  /** The id in a token. */
  idIn(token: string): string | undefined
  all: readonly string[]
}

export function createMarks(seed: number): Marks {
  const secret = `planted${seed.toString(36)}secret`
  const words = `planted${seed.toString(36)}words`
  const header = 'eyJhbGciOiJub25lIn0'
  const pattern = new RegExp(`^${header}\\.([A-Za-z0-9-]+)_${secret}\\.`)
  return {
    secret,
    words,
    appJwt: `${header}.app_${secret}.${secret}`,
    consumerJws: (id) => `${header}.${id}_${secret}.${secret}`,
    idIn: (token) => pattern.exec(token)?.[1],
    all: [secret, words],
  }
}
