/**
 * What `npm test` prints: a line for each file as it ends, and at the end what was skipped and why, what failed, and the count.
 * tap's own reporters print either every assertion, or redraw a screen that a pipe does not have.
 */
import { Transform } from 'node:stream'
import { Parser } from 'tap-parser'
import { stringify } from 'yaml'

export default class Reporter extends Transform {
  #parser = new Parser()
  #skipped = []
  #failed = []
  /** The runner's own remarks; the last ones are the count and the time. */
  #remarks = []

  constructor() {
    super()
    this.#parser.on('comment', (comment) => this.#remarks.push(comment))
    this.#parser.on('bailout', (reason) => this.#failed.push(`Bail out! ${reason}\n`))
    this.#parser.on('assert', ({ ok, name, time }) => {
      const seconds = ((time ?? 0) / 1000).toFixed(1).padStart(6)
      this.push(`${ok ? 'ok    ' : 'not ok'} ${seconds} s  ${name}\n`)
    })
    this.#watch(this.#parser, [])
  }

  /** @param path the names of the tests around this one, from the file inwards */
  #watch(parser, path) {
    let failedBefore = 0
    let lastChild = ''
    parser.on('child', (child) => {
      failedBefore = this.#failed.length
      lastChild = child.name
      this.#watch(child, [...path, child.name])
    })
    parser.on('assert', ({ ok, skip, todo, name, diag }) => {
      const title = [...path, name].join(' > ')
      if (skip)
        this.#skipped.push(`skipped: ${title}: ${skip === true ? 'no reason given' : skip}\n`)
      // A test whose part has failed only repeats it.
      const isRepeated = name === lastChild && this.#failed.length > failedBefore
      if (!ok && !todo && !isRepeated) this.#failed.push(`\nnot ok ${title}\n${detail(diag)}`)
    })
  }

  _transform(chunk, _encoding, done) {
    this.#parser.write(chunk)
    done()
  }

  _flush(done) {
    this.#parser.end()
    for (const part of ['\n', ...this.#skipped, ...this.#failed, '\n', ...this.#remarks]) {
      this.push(part)
    }
    done()
  }
}

/** The difference first. The excerpt of the source is in the source, and frames of packages tell nothing. */
function detail(diagnostics) {
  const { diff = '', stack = '', source: _, ...rest } = diagnostics ?? {}
  const frames = stack.split(/\n+/).filter((line) => line !== '' && !line.includes('node_modules'))
  return [diff, stringify(rest), ...frames]
    .map((part) => part.trimEnd())
    .filter((part) => part !== '')
    .join('\n')
    .replace(/^(?=.)/gm, '  ')
    .concat('\n')
}
