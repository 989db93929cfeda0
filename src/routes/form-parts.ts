/** Splits a form into its parts: the headers and the bytes of each. */
import type { IncomingMessage } from 'node:http'
import { MIMEType } from 'node:util'
import { Problem } from '../problems/problem.ts'

/** One part. Its head is as it came: one character a byte. */
export type Part = {
  /** Its place in the form, from 1 on. */
  number: number
  /** The values of each header, by lower-case name. */
  head: ReadonlyMap<string, readonly string[]>
  /** What is wrong with the head. */
  fault: string | undefined
  bytes: Buffer
}

/** The body is no form, or has no end. */
export class BrokenForm extends Error {
  override readonly name = 'BrokenForm'
}

/** As many as Node takes for the head of a request. */
const mostHeadBytes = 16_384

/**
 * Reads a body to its end. Bytes beyond the limit are dropped.
 * @returns undefined if it is larger
 * @throws BrokenForm, or the Problem that the body was made to fail with
 */
export async function readBody(body: IncomingMessage, room: number): Promise<Buffer | undefined> {
  // Room for all of it at once: joining pieces would hold every byte twice for a moment.
  const bytes = Buffer.allocUnsafe(room)
  let length = 0
  try {
    // An answer is still to be written.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      chunk.copy(bytes, length)
      length += chunk.length
    }
  } catch (error) {
    // The rest is read and dropped, so that the answer is not cut off.
    body.resume()
    throw error instanceof Problem ? error : new BrokenForm()
  }
  return length > room ? undefined : bytes.subarray(0, length)
}

/**
 * Source: RFC 2046, section 5.1.1. What it allows before the first boundary and after the last may be meant as a part.
 * @param most how many parts are read, and one more if there are more
 * @throws BrokenForm if anything is in no part
 */
export function partsOf(form: Buffer, boundary: string, most: number): Part[] {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
  const parts: Part[] = []
  const isFirstLine = form.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2))
  const first = isFirstLine ? -2 : form.indexOf(delimiter)
  if (first > 0 && !isBlank(form, 0, first)) throw new BrokenForm()
  for (let at = first; parts.length <= most; ) {
    const behind = at + delimiter.length
    if (form.toString('latin1', behind, behind + 2) === '--') {
      if (!isBlank(form, behind + 2, form.length)) throw new BrokenForm()
      break
    }
    const lineEnd = form.indexOf('\r\n', behind)
    const end = form.indexOf(delimiter, lineEnd)
    const isWhole = at !== -1 && lineEnd !== -1 && end !== -1 && isBlank(form, behind, lineEnd)
    if (!isWhole) throw new BrokenForm()
    parts.push(readPart(form.subarray(lineEnd, end), parts.length + 1))
    at = end
  }
  return parts
}

function isBlank(form: Buffer, from: number, to: number): boolean {
  return !/[^ \t\r\n]/.test(form.toString('latin1', from, to))
}

/** @param bytes from the end of the boundary's line on */
function readPart(bytes: Buffer, number: number): Part {
  const end = bytes.indexOf('\r\n\r\n')
  const headBytes = (end === -1 ? bytes.length : end) - 2
  const text = bytes.toString('latin1', 2, 2 + Math.min(headBytes, mostHeadBytes))
  const { head, isSound } = readHead(text)
  const part = { number, head, bytes: bytes.subarray(end + 4) }
  if (headBytes > mostHeadBytes) {
    return { ...part, fault: `must have a head of at most ${mostHeadBytes} bytes` }
  }
  if (end === -1) return { ...part, fault: 'must have an empty line behind its head' }
  const fault = isSound ? undefined : 'must have a head of lines with a name, a colon and a value'
  return { ...part, fault }
}

/** Source: RFC 9110, section 5.5, except for continued lines, as in mail. */
const headerLine = /^([!#$%&'*+\-.^_`|~\w]+):([\t -~\x80-\xff]*)$/

/** @returns every header that can be read, and whether that is all there is */
function readHead(text: string): { head: Map<string, string[]>; isSound: boolean } {
  const head = new Map<string, string[]>()
  let isSound = true
  for (const line of text.replace(/\r\n(?=[\t ])/g, '').split('\r\n')) {
    const [, name, value = ''] = headerLine.exec(line) ?? []
    if (name === undefined) isSound &&= line === ''
    else {
      const values = head.get(name.toLowerCase()) ?? []
      head.set(name.toLowerCase(), [...values, value.replace(/^[\t ]+|[\t ]+$/g, '')])
    }
  }
  return { head, isSound }
}

/** A value with parameters, such as a type. @returns undefined if it is none */
export function readMimeType(text: string): MIMEType | undefined {
  try {
    return new MIMEType(text)
  } catch {
    return undefined
  }
}
