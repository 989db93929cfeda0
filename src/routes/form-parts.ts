/** Takes a form apart: each part with what its head says, and its bytes. */
import type { IncomingMessage } from 'node:http'
import { MIMEType } from 'node:util'
import { Dicer } from '@fastify/busboy'
import { Problem } from '../problems/problem.ts'

/** One part. Its head is as it came: one character a byte. */
export type Part = {
  head: ReadonlyMap<string, unknown>
  /** Undefined: there are more than fit. */
  bytes: Buffer | undefined
}

/** A text that is no form, or does not come to its end. */
export class BrokenForm extends Error {
  override readonly name = 'BrokenForm'
}

/**
 * Reads a form to its end, whatever is in it.
 * @param most how many parts are kept; of those behind them only the number is known
 * @param roomOf how many bytes a part may have
 * @throws BrokenForm, or the Problem that the body was made to fail with
 */
export async function readParts(
  body: IncomingMessage,
  boundary: string,
  most: number,
  roomOf: (head: Part['head'], before: readonly Part[]) => number,
): Promise<{ parts: Part[]; count: number }> {
  const parts: Part[] = []
  let count = 0
  let heads = 0
  const form = new Dicer({ boundary })
  form.on('part', (stream) => {
    count += 1
    const mayBeKept = count <= most
    // Of a part without an end the form tells as well.
    stream.on('error', () => undefined)
    stream.on('header', (header) => {
      heads += 1
      const head = new Map<string, unknown>(Object.entries(header))
      const part = { head, bytes: undefined }
      if (mayBeKept) {
        collect(stream, roomOf(head, parts), part)
        parts.push(part)
      } else stream.resume()
    })
  })
  const whole = new Promise<void>((resolve, reject) => {
    form.once('finish', resolve)
    form.on('error', () => reject(new BrokenForm()))
  })
  const fed = feed(body, form)
  await Promise.all([whole, fed])
  // A boundary amid the bytes of a part makes a part of what follows.
  if (heads < count) throw new BrokenForm()
  return { parts, count }
}

/** Nothing is held back: what a form brings is taken at once, and dropped where it is too much. */
async function feed(body: IncomingMessage, form: Dicer): Promise<void> {
  try {
    // An answer is still to be written.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) form.write(chunk)
  } catch (error) {
    // What still comes is read and dropped, so that the answer is not cut off.
    body.resume()
    throw error instanceof Problem ? error : new BrokenForm()
  }
  form.end()
}

/** Room for all of it at once: to join the pieces would hold every byte twice for a moment. */
function collect(
  stream: NodeJS.ReadableStream,
  room: number,
  part: { bytes: Buffer | undefined },
): void {
  const bytes = Buffer.allocUnsafe(room)
  let length = 0
  stream.on('data', (chunk: Buffer) => {
    chunk.copy(bytes, length)
    length += chunk.length
  })
  stream.on('end', () => {
    part.bytes = length > room ? undefined : bytes.subarray(0, length)
  })
}

/** A value with parameters, such as a type. @returns undefined where it is none */
export function readMimeType(text: string): MIMEType | undefined {
  try {
    return new MIMEType(text)
  } catch {
    return undefined
  }
}
