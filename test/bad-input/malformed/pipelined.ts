/** Several requests on one connection, and what comes behind one that is refused. */
import {
  chunked,
  hidden,
  honestLast,
  host,
  json,
  type Malformed,
  path,
  tokens,
  type Words,
} from './request.ts'

/** What a connection may have under way at once. */
const bound = 32

const live = `GET /livez HTTP/1.1\r\n${host}\r\n`
const expect = 'Expect: 100-continue\r\n'
const lengthOf = (body: string) => `Content-Length: ${body.length}\r\n`

/** A refused request with a body, and the honest message behind it. */
const behind = (name: string, line: string, headers: string, statuses: number[]): Malformed => ({
  name: `a message behind ${name}`,
  bytes: (words) => {
    const body = hidden(words)
    return `${line} HTTP/1.1\r\n${host}${headers}${lengthOf(body)}\r\n${body}${honestLast(words)}`
  },
  statuses,
  isSent: statuses.at(-1) === 201,
})

const all = `${tokens}${json}`
const post = `POST ${path}`
const largest = 65_536

/** A body that begins with a request, which must never be read as one. */
const ofSize = (size: number) => (words: Words) => hidden(words).padEnd(size)
const large = ofSize(largest + 1)

/** A body most of which is written behind the refusal, and then the honest message. */
const inPieces = (
  name: string,
  line: string,
  headers: string,
  size: number,
  statuses: number[],
): Malformed => ({
  name: `${name}, written in pieces`,
  bytes: (words) =>
    `${line} HTTP/1.1\r\n${host}${headers}Content-Length: ${size}\r\n\r\n${ofSize(size)(words).slice(0, 99)}`,
  rest: (words) => ofSize(size)(words).slice(99) + honestLast(words),
  statuses,
  isSent: statuses.at(-1) === 201,
})

export const pipelined: Malformed[] = [
  {
    name: 'requests beyond the bound of a connection',
    bytes: (words) => live.repeat(bound) + live + hidden(words),
    statuses: [...new Array<number>(bound).fill(200), 503],
  },
  {
    name: 'a message as the last within the bound of a connection',
    bytes: (words) => live.repeat(bound - 1) + honestLast(words),
    statuses: [...new Array<number>(bound - 1).fill(200), 201],
    isSent: true,
  },
  {
    name: 'a message as the first beyond the bound of a connection',
    bytes: (words) => live.repeat(bound) + hidden(words) + hidden(words),
    statuses: [...new Array<number>(bound).fill(200), 503],
  },
  behind('a body that is a request', post, all, [400, 201]),
  behind('a body of another type', post, `${tokens}Content-Type: text/plain\r\n`, [415, 201]),
  behind('a compressed body', post, `${all}Content-Encoding: gzip\r\n`, [415, 201]),
  behind('a body without tokens', post, json, [401, 201]),
  behind('a body for no route', 'POST /smuggled', all, [404, 201]),
  behind('a body for another method', `PUT ${path}`, all, [405, 201]),
  behind('a body for a method without one', 'GET /livez', all, [200, 201]),
  behind(
    'a broken form',
    'POST /conversations/c1/files',
    `${tokens}Content-Type: multipart/form-data; boundary=a\r\n`,
    [400, 201],
  ),
  behind('an expectation and a body that is a request', post, `${all}${expect}`, [100, 400, 201]),
  // Nobody can tell whether the body comes all the same, so that its answer is the last.
  behind('an expectation without tokens', post, `${json}${expect}`, [401]),
  behind('an expectation of another type', post, `${tokens}${expect}`, [415]),
  behind('an expectation for no route', 'POST /smuggled', `${all}${expect}`, [404]),
  behind('an expectation for another method', `PUT ${path}`, `${all}${expect}`, [405]),
  ...['', 'Content-Length: 0\r\n'].flatMap((length): Malformed[] =>
    [
      [`GET /livez HTTP/1.1\r\n${host}`, 200] as const,
      [`POST /smuggled HTTP/1.1\r\n${host}${all}`, 404] as const,
      [`PUT ${path} HTTP/1.1\r\n${host}${all}`, 405] as const,
      [`POST ${path} HTTP/1.1\r\n${host}${json}`, 401] as const,
      [`POST ${path} HTTP/1.1\r\n${host}${all}`, 400] as const,
    ].map(([lines, status]) => ({
      name: `a message behind an expectation without a body: ${status} ${length}`,
      bytes: (words) => `${lines}${expect}${length}\r\n${honestLast(words)}`,
      statuses: [100, status, 201],
      isSent: true,
    })),
  ),
  inPieces('a body over the limit', post, all, largest + 1, [413]),
  inPieces('a body over the limit for no route', 'POST /smuggled', all, largest + 1, [404]),
  inPieces('a body for no route', 'POST /smuggled', all, largest, [404, 201]),
  inPieces('a body for another method', `PUT ${path}`, all, largest, [405, 201]),
  inPieces('a body without tokens', post, json, largest, [401, 201]),
  inPieces('a body without a type', post, tokens, largest, [415, 201]),
  {
    name: 'a body over the limit behind an expectation, written all the same',
    bytes: (words) => `${post} HTTP/1.1\r\n${host}${all}${expect}${lengthOf(large(words))}\r\n`,
    rest: (words) => large(words) + hidden(words),
    statuses: [413],
  },
  {
    name: 'chunks over the limit, written in pieces',
    bytes: (words) => `${post} HTTP/1.1\r\n${host}${all}${chunked}\r\n10001\r\n${large(words)}\r\n`,
    rest: (words) => `10001\r\n${large(words)}\r\n0\r\n\r\n${hidden(words)}`,
    statuses: [413],
  },
  {
    name: 'a message that comes when the one before it is answered',
    bytes: () => live,
    rest: honestLast,
    statuses: [200, 201],
    isSent: true,
  },
  {
    name: 'a head that stops',
    bytes: (words) => hidden(words).slice(0, 60),
    rest: (words) => hidden(words).slice(60),
    statuses: [408],
  },
  {
    name: 'a body that stops',
    bytes: (words) => hidden(words).slice(0, -5),
    rest: (words) => hidden(words).slice(-5) + hidden(words),
    statuses: [408],
  },
  {
    name: 'blank lines that stop',
    bytes: () => '\r\n\r\n',
    rest: hidden,
    statuses: [408],
  },
]
