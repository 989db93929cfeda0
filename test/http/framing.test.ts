import t from 'tap'
import { start, startProxy } from '../start.ts'
import { startUpstream } from '../upstream.ts'
import { credentials, openWire, post } from '../wire.ts'

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

t.test('headers beyond the 1,000th count as those before them do', async (t) => {
  const { url, sandbox } = await start(t)
  const many = 'a:\r\n'.repeat(1_100)
  const head = `POST /conversations/c1/messages HTTP/1.1\r\n${credentials}${many}`
  const body = '{"text":"Hi"}'
  const rest = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`
  for (const [headers, expected] of [
    [rest, /^HTTP\/1\.1 201 /],
    [`${rest}X-LP-Account-Id: other\r\n`, /"code":"account-not-allowed"/],
    [`${rest}Host: second\r\n`, /"path":"header:Host"/],
    [`${rest}X-Request-Timeout-Ms: soon\r\n`, /"path":"header:X-Request-Timeout-Ms"/],
  ] as const) {
    const wire = await openWire(t, url, `${head}${headers}\r\n${body}`)
    t.match(await wire.until(/\r\n\r\n\{.*\}/), expected, headers)
    wire.socket.destroy()
  }
  t.equal(sandbox.calls().filter(({ url }) => url.includes('/send')).length, 1)
})

t.test('a Content-Encoding without a body is no reason to refuse', async (t) => {
  const { url } = await start(t)
  for (const [target, length] of [
    ['DELETE /conversations/c1/typing', ''],
    ['DELETE /conversations/c1/typing', 'Content-Length: 0\r\n'],
    ['POST /conversations/c1/close', ''],
  ]) {
    const head = `${target} HTTP/1.1\r\n${credentials}Content-Encoding: gzip\r\n${length}\r\n`
    const wire = await openWire(t, url, head)
    t.match(await wire.until(/\r\n\r\n/), /^HTTP\/1\.1 20[04] /, head)
    wire.socket.destroy()
  }
})
