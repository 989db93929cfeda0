/**
 * Requests that two servers could read in two ways, or that none should read at all, each with what must come of it by a
 * strict reading of RFC 9112: the statuses on the connection in their order, and whether the honest message may be sent.
 * The smuggled one may never be. Each string is bytes, one a character.
 */
import { token } from '../../start.ts'

/** The JSON bodies of two messages, both 22 bytes long. */
export type Words = { honest: string; smuggled: string }

export type Malformed = {
  name: string
  bytes: (words: Words) => string
  /** What is written once an answer has begun. */
  rest?: (words: Words) => string
  /** In their order; a list where more than one is right. Nothing at all where the connection just ends. */
  statuses: (number | number[])[]
  isSent?: boolean
}

const bodyLength = 22
export const path = '/conversations/c1/messages'
export const host = 'Host: localhost\r\n'
export const onBehalf = `X-LP-ON-BEHALF: ${token}\r\n`
export const tokens = `Authorization: ${token}\r\n${onBehalf}`
export const json = 'Content-Type: application/json\r\n'
export const close = 'Connection: close\r\n'
export const length = `Content-Length: ${bodyLength}\r\n`
export const chunked = 'Transfer-Encoding: chunked\r\n'
export const head = `${host}${tokens}${json}${close}`
const size = bodyLength.toString(16)

/** A whole chunked body of one chunk. */
export const chunks = (body: string) => `${size}\r\n${body}\r\n0\r\n\r\n`

/** A request that must never be read as one. */
export const hidden = ({ smuggled }: Words) =>
  `POST ${path} HTTP/1.1\r\n${host}${tokens}${json}${length}\r\n${smuggled}`

/** The honest message, behind which the connection ends. */
export const honestLast = ({ honest }: Words) =>
  `POST ${path} HTTP/1.1\r\n${head}${length}\r\n${honest}`

/** The honest message with these headers, as framed by a length. */
export const withHeaders =
  (headers: string) =>
  ({ honest }: Words) =>
    `POST ${path} HTTP/1.1\r\n${head}${length}${headers}\r\n${honest}`

/** The honest message in chunks, with these headers. */
export const inChunks =
  (headers: string) =>
  ({ honest }: Words) =>
    `POST ${path} HTTP/1.1\r\n${head}${headers}\r\n${chunks(honest)}`

/** The honest message behind another request line. */
export const withLine =
  (line: string) =>
  ({ honest }: Words) =>
    `${line}\r\n${head}${length}\r\n${honest}`

/** Headers whose body, by their own length, is a whole request. @param line and headers, without the length */
export const hiding = (lineAndHeaders: string) => (words: Words) => {
  const body = hidden(words)
  return `${lineAndHeaders}${close}Content-Length: ${body.length}\r\n\r\n${body}`
}

/** A length that covers a hidden request, and a transfer encoding that ends before it. */
export const endsEarly = (encoding: string) => (words: Words) => {
  const body = `0\r\n\r\n${hidden(words)}`
  return `POST ${path} HTTP/1.1\r\n${head}Content-Length: ${body.length}\r\n${encoding}\r\n${body}`
}

/** A chunk that covers a hidden request, and a length that ends before it. */
export const endsLate = (encoding: string) => (words: Words) => {
  const inner = hidden(words)
  const first = inner.length.toString(16)
  return `POST ${path} HTTP/1.1\r\n${head}${encoding}Content-Length: ${first.length + 2}\r\n\r\n${first}\r\n${inner}\r\n0\r\n\r\n`
}

export const refused = [400]
export const sent = { statuses: [201], isSent: true }

/** These lines before the honest message. */
export const every = (lines: string) => (words: Words) => `${lines}${words.honest}`
