/** Chunks and what follows them. */
import {
  chunked,
  close,
  head,
  hidden,
  host,
  json,
  type Malformed,
  path,
  refused,
  sent,
  tokens,
  type Words,
} from './request.ts'

const chunk = (
  name: string,
  body: (words: Words) => string,
  expected: Partial<Malformed> = {},
): Malformed => ({
  name,
  bytes: (words) => `POST ${path} HTTP/1.1\r\n${head}${chunked}\r\n${body(words)}`,
  statuses: refused,
  ...expected,
})

export const chunking: Malformed[] = [
  chunk(
    'a chunk of overflowing size',
    ({ honest }) => `10000000000000016\r\n${honest}\r\n0\r\n\r\n`,
  ),
  chunk('a chunk of 2^63 and more', ({ honest }) => `ffffffffffffffff\r\n${honest}\r\n0\r\n\r\n`, {
    statuses: [[400, 408, 413]],
  }),
  chunk('a chunk of negative size', ({ honest }) => `-16\r\n${honest}\r\n0\r\n\r\n`),
  chunk('a chunk’s size with 0x', ({ honest }) => `0x16\r\n${honest}\r\n0\r\n\r\n`),
  chunk('a chunk’s size with a plus', ({ honest }) => `+16\r\n${honest}\r\n0\r\n\r\n`),
  chunk('a blank before a chunk’s size', ({ honest }) => ` 16\r\n${honest}\r\n0\r\n\r\n`),
  chunk('a blank behind a chunk’s size', ({ honest }) => `16 \r\n${honest}\r\n0\r\n\r\n`),
  chunk('a chunk’s size with an underscore', ({ honest }) => `1_6\r\n${honest}\r\n0\r\n\r\n`),
  chunk(
    'a chunk’s size with zeros before it',
    ({ honest }) => `0000016\r\n${honest}\r\n0\r\n\r\n`,
    sent,
  ),
  chunk('a chunk’s extension', ({ honest }) => `16;a=1;b="c"\r\n${honest}\r\n0;d\r\n\r\n`, sent),
  chunk('a chunk’s extension with a line feed', (words) => `16;a=\n${words.honest}\r\n0\r\n\r\n`),
  chunk(
    'a chunk’s extension with a carriage return',
    (words) => `16;a=\r${words.honest}\r\n0\r\n\r\n`,
  ),
  chunk(
    'a chunk’s extension hiding a request',
    (words) => `16;a="\r\n${words.honest}\r\n0\r\n\r\n${hidden(words)}`,
  ),
  chunk('a line feed alone behind a chunk’s size', ({ honest }) => `16\n${honest}\r\n0\r\n\r\n`),
  chunk('a line feed alone behind a chunk', ({ honest }) => `16\r\n${honest}\n0\r\n\r\n`),
  chunk('nothing behind a chunk', ({ honest }) => `16\r\n${honest}0\r\n\r\n`),
  chunk(
    'two bytes that are no line end behind a chunk',
    ({ honest }) => `16\r\n${honest}xx0\r\n\r\n`,
  ),
  chunk('a last chunk that ends in line feeds', ({ honest }) => `16\r\n${honest}\r\n0\n\n`),
  chunk('no last chunk', ({ honest }) => `16\r\n${honest}\r\n`, { statuses: [408] }),
  chunk('half of the last line end', ({ honest }) => `16\r\n${honest}\r\n0\r\n\r`, {
    statuses: [408],
  }),
  chunk('a trailer', ({ honest }) => `16\r\n${honest}\r\n0\r\nX-Sum: 1\r\n\r\n`, sent),
  chunk(
    'a length in the trailer',
    ({ honest }) => `16\r\n${honest}\r\n0\r\nContent-Length: 0\r\n\r\n`,
    { statuses: [[201, 400]], isSent: true },
  ),
  chunk(
    'a transfer encoding in the trailer',
    ({ honest }) => `16\r\n${honest}\r\n0\r\n${chunked}\r\n`,
    { statuses: [[201, 400]], isSent: true },
  ),
  chunk(
    'a token in the trailer',
    ({ honest }) => `16\r\n${honest}\r\n0\r\nAuthorization: smuggled\r\n\r\n`,
    sent,
  ),
  chunk(
    'an account in the trailer',
    ({ honest }) => `16\r\n${honest}\r\n0\r\nX-LP-Account-Id: smuggled\r\n\r\n`,
    sent,
  ),
  chunk(
    'a trailer with a blank before its colon',
    ({ honest }) => `16\r\n${honest}\r\n0\r\nX : 1\r\n\r\n`,
  ),
  chunk(
    'a trailer without an end',
    ({ honest }) => `16\r\n${honest}\r\n0\r\nX: ${'a'.repeat(20_000)}`,
    { statuses: [[400, 413, 431]] },
  ),
  {
    name: 'the tokens in the trailer alone',
    bytes: ({ honest }) =>
      `POST ${path} HTTP/1.1\r\n${host}${json}${close}${chunked}\r\n16\r\n${honest}\r\n0\r\n${tokens}\r\n`,
    statuses: [401],
  },
]
