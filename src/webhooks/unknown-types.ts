/** Warns once of each unknown type that LivePerson sends. */

/** The most that are remembered. */
const mostTypes = 100

export class UnknownTypes {
  private readonly warn: (type: string) => void
  private readonly warned = new Set<string>()

  constructor(warn: (type: string) => void) {
    this.warn = warn
  }

  /** @param name as LivePerson sent it. Unless it looks like the name of a type, it may be somebody's words */
  met(name: string): void {
    const type = /^[A-Za-z0-9_.]{1,64}$/.test(name) ? name : '(no name)'
    if (this.warned.has(type) || this.warned.size >= mostTypes) return
    this.warned.add(type)
    this.warn(type)
  }
}
