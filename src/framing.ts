/** Refuses requests that Node reads in one way and another hop may read in another. */
import type { IncomingMessage } from 'node:http'
import { Problem } from './problems.ts'

/**
 * Node's parser also takes HTTP/0.9, which has no headers, and HTTP/2.0, which is no text; it leaves a coding such as gzip before the
 * chunks undone, and lets HTTP/1.0 have chunks, which is faulty framing. Source: RFC 9112, 6.1.
 * @throws Problem `invalid-request`
 */
export function checkFraming({ headers, httpVersion }: IncomingMessage): void {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') {
    throw new Problem('invalid-request', { detail: 'The version of HTTP must be 1.1 or 1.0.' })
  }
  const coding = headers['transfer-encoding']
  if (coding === undefined || (httpVersion === '1.1' && /^chunked$/i.test(coding))) return
  const message = 'must be chunked, and in HTTP/1.1'
  const errors = [{ path: 'header:Transfer-Encoding', message }]
  throw new Problem('invalid-request', { detail: `Transfer-Encoding ${message}.`, errors })
}
