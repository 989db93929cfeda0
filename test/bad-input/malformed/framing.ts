/** Where a body ends: by a length, by chunks, or by both. */
import {
  chunked,
  chunks,
  endsEarly,
  endsLate,
  head,
  inChunks,
  length,
  type Malformed,
  path,
  refused,
  sent,
  withHeaders,
} from './request.ts'

/** How a transfer encoding is hidden from one of two servers. */
const obfuscations: [string, string][] = [
  ['plain', chunked],
  ['in capitals', 'TRANSFER-ENCODING: CHUNKED\r\n'],
  ['behind a tab', 'Transfer-Encoding:\tchunked\r\n'],
  ['before a tab', 'Transfer-Encoding: chunked\t\r\n'],
  ['without a blank', 'Transfer-Encoding:chunked\r\n'],
  ['with a blank before the colon', 'Transfer-Encoding : chunked\r\n'],
  ['with a tab before the colon', 'Transfer-Encoding\t: chunked\r\n'],
  ['behind a vertical tab', 'Transfer-Encoding: \x0bchunked\r\n'],
  ['behind a form feed', 'Transfer-Encoding: \x0cchunked\r\n'],
  ['behind a NUL', 'Transfer-Encoding: \0chunked\r\n'],
  ['in quotes', 'Transfer-Encoding: "chunked"\r\n'],
  ['of another name', 'Transfer-Encoding: xchunked\r\n'],
  ['with a parameter', 'Transfer-Encoding: chunked;q=1\r\n'],
  ['as identity', 'Transfer-Encoding: identity\r\n'],
  ['before identity', 'Transfer-Encoding: chunked, identity\r\n'],
  ['behind identity', 'Transfer-Encoding: identity, chunked\r\n'],
  ['behind a comma', 'Transfer-Encoding: , chunked\r\n'],
  ['twice', `${chunked}${chunked}`],
  ['twice, the second another', `${chunked}Transfer-Encoding: cow\r\n`],
  ['twice, the first another', `Transfer-Encoding: cow\r\n${chunked}`],
  ['twice in one', 'Transfer-Encoding: chunked, chunked\r\n'],
  ['on a folded line', 'Transfer-Encoding:\r\n chunked\r\n'],
  ['on a line that looks folded', `X: a\r\n ${chunked}`],
  ['behind a bare line feed', `X: a\n${chunked}`],
  ['behind a bare carriage return', `X: a\r${chunked}`],
  ['with a byte of no ASCII in its name', 'Transfer\xadEncoding: chunked\r\n'],
  ['behind a no-break space', 'Transfer-Encoding: \xa0chunked\r\n'],
  ['empty', 'Transfer-Encoding:\r\n'],
]

export const framing: Malformed[] = [
  ...obfuscations.flatMap(([name, encoding]): Malformed[] => [
    {
      name: `a length, and chunks that end before it: ${name}`,
      bytes: endsEarly(encoding),
      statuses: refused,
    },
    {
      name: `chunks, and a length that ends before them: ${name}`,
      bytes: endsLate(encoding),
      statuses: refused,
    },
  ]),
  ...[
    '-22',
    '+22',
    '0x16',
    '22, 22',
    '22,22',
    '2 2',
    '22a',
    '2.2e1',
    '"22"',
    '22;',
    '٢٢',
    '\x0b22',
  ].map(
    (value): Malformed => ({
      name: `a length of ${JSON.stringify(value)}`,
      bytes: ({ honest }) =>
        `POST ${path} HTTP/1.1\r\n${head}Content-Length: ${Buffer.from(value).toString('latin1')}\r\n\r\n${honest}`,
      statuses: refused,
    }),
  ),
  ...['18446744073709551638', '99999999999999999999999999', '9007199254740993'].map(
    (value): Malformed => ({
      name: `a length of ${value}`,
      bytes: ({ honest }) =>
        `POST ${path} HTTP/1.1\r\n${head}Content-Length: ${value}\r\n\r\n${honest}`,
      statuses: [[400, 413]],
    }),
  ),
  { name: 'two lengths that agree', bytes: withHeaders(length), statuses: refused },
  {
    name: 'two lengths, the second hiding a request',
    bytes: (words) => withHeaders('Content-Length: 0\r\n')(words),
    statuses: refused,
  },
  {
    name: 'a length with zeros before it',
    bytes: ({ honest }) => `POST ${path} HTTP/1.1\r\n${head}Content-Length: 00022\r\n\r\n${honest}`,
    ...sent,
  },
  {
    name: 'a length with blanks around it',
    bytes: ({ honest }) =>
      `POST ${path} HTTP/1.1\r\n${head}Content-Length:  22 \t\r\n\r\n${honest}`,
    statuses: [[201, 400]],
    isSent: true,
  },
  {
    name: 'an underscore in the length’s name',
    bytes: withHeaders('Content_Length: 0\r\n'),
    ...sent,
  },
  {
    name: 'gzip before chunks',
    bytes: inChunks('Transfer-Encoding: gzip, chunked\r\n'),
    statuses: [[400, 415, 501]],
  },
  {
    name: 'gzip without chunks',
    bytes: inChunks('Transfer-Encoding: gzip\r\n'),
    statuses: [[400, 415, 501]],
  },
  {
    name: 'chunks in HTTP/1.0',
    bytes: ({ honest }) => `POST ${path} HTTP/1.0\r\n${head}${chunked}\r\n${chunks(honest)}`,
    statuses: refused,
  },
]
