/** Warns once of each type that LivePerson sends and that is not known here. */

/** As many as are remembered, whatever LivePerson invents. */
const mostTypes = 100

export class UnknownTypes {
  private readonly warn: (type: string) => void
  private readonly warned = new Set<string>()

  constructor(warn: (type: string) => void) {
    this.warn = warn
  }

  /** @param name as LivePerson sent it; it is a word of nobody's only where it looks like the name of a type */
  met(name: string): void {
    const type = /^[A-Za-z0-9_.]{1,64}$/.test(name) ? name : '(no name)'
    if (this.warned.has(type) || this.warned.size >= mostTypes) return
    this.warned.add(type)
    this.warn(type)
  }
}
