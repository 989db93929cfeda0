import t from 'tap'
import { startProxy } from './start.ts'
import { startUpstream } from './upstream.ts'
import { credentials, openWire, post } from './wire.ts'

const messages = '/conversations/c1/messages'

t.test('a request that another hop may read as another is refused, and not sent', async (t) => {
  const upstream = await startUpstream(t)
  const { url } = await startProxy(t, upstream.origin)
  const chunks = 'd\r\n{"text":"Hi"}\r\n0\r\n\r\n'
  const head = (version: string, coding: string) =>
    `POST ${messages} HTTP/${version}\r\n${credentials}Connection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: ${coding}\r\n\r\n${chunks}`
  const ofVersion = (version: string) =>
    post(messages, '{"text":"Hi"}', 'Connection: close\r\n').replace('HTTP/1.1', `HTTP/${version}`)
  const otherVersion = 'The version of HTTP must be 1.1 or 1.0.'
  const otherCoding = 'Transfer-Encoding must be chunked, and in HTTP/1.1.'
  for (const [name, bytes, detail] of [
    ['HTTP/0.9 without a version', 'GET /livez\r\n\r\n', otherVersion],
    ['HTTP/0.9', ofVersion('0.9'), otherVersion],
    ['HTTP/2.0', ofVersion('2.0'), otherVersion],
    ['chunks of gzip', head('1.1', 'gzip, chunked'), otherCoding],
    ['chunks in HTTP/1.0', head('1.0', 'chunked'), otherCoding],
    [
      'two content types',
      post(messages, '{"text":"Hi"}', 'Connection: close\r\ncontent-type: text/plain\r\n'),
      'Content-Type must be given once.',
    ],
  ] as const) {
    const wire = await openWire(t, url, bytes)
    const received = await wire.ended()
    t.match(received, /^HTTP\/1\.1 400 /, name)
    t.match(received, `"detail":"${detail}"`, name)
  }
  t.strictSame(upstream.sends(), [])
  for (const bytes of [ofVersion('1.0'), head('1.1', 'CHUNKED')]) {
    const wire = await openWire(t, url, bytes)
    t.match(await wire.ended(), /^HTTP\/1\.1 201 /)
  }
  t.equal(upstream.sends().length, 2)
})
