/** What a caller holds who stops amid its body: nothing that another one needs. */
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startProxy } from '../start.ts'
import { startUpstream } from '../upstream.ts'
import { credentials, openWire, type Wire } from '../wire.ts'

const messages = '/conversations/c1/messages'

/** Opens so many requests whose bodies stop amid, and one more, which goes on. @returns the one that goes on, last */
async function openBodies(t: Test, url: string, count: number, bytes: string): Promise<Wire[]> {
  const stopped = Array.from({ length: count }, () => openWire(t, url, bytes))
  const moving = await openWire(t, url, bytes)
  const moves = setInterval(() => moving.socket.write('a'), 200)
  t.teardown(() => clearInterval(moves))
  return [...(await Promise.all(stopped)), moving]
}

/** Asks until there is room. @returns the milliseconds that took */
async function untilRoom(ask: () => Promise<number>): Promise<number> {
  const begun = performance.now()
  while ((await ask()) !== 201) await wait(100)
  return performance.now() - begun
}

const isAnswered = (wire: Wire) =>
  /^HTTP\/1.1 408 [\s\S]*"code":"request-timeout"/.test(wire.received())

t.test('a body that stops for 5 s loses its memory to one that needs it', async (t) => {
  const upstream = await startUpstream(t)
  const { url, call } = await startProxy(t, upstream.origin)
  const head = `POST ${messages} HTTP/1.1\r\n${credentials}Content-Type: application/json\r\nContent-Length: 65536\r\n\r\n{"text":"`
  // 8 MiB of bodies of 64 KiB.
  const wires = await openBodies(t, url, 127, head)
  const large = { text: 'x', metadata: [{ type: 'x', words: 'y'.repeat(60_000) }] }
  const ms = await untilRoom(async () => (await call('POST', messages, large)).status)
  t.ok(ms > 4_000 && ms < 7_900, `${ms} ms`)
  const [moving] = wires.slice(-1)
  if (moving === undefined) throw new Error('there is no such body')
  t.notOk(isAnswered(moving), 'the one that moves keeps its place')
  const lost = wires.filter(isAnswered)
  t.equal(lost.length, 1, 'and so do those whose place nobody needs')
})

t.test('an upload that stops for 5 s loses its place to one that needs it', async (t) => {
  const upstream = await startUpstream(t)
  const { url, call } = await startProxy(t, upstream.origin, { MAX_UPLOADS: '2' })
  const files = '/conversations/c1/files'
  const form = 'multipart/form-data; boundary=x'
  const part = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
  const head = `POST ${files} HTTP/1.1\r\n${credentials}Content-Type: ${form}\r\nContent-Length: 5000\r\n\r\n${part}a`
  const wires = await openBodies(t, url, 1, head)
  const ask = async () => {
    const { status } = await call('POST', files, `${part}a\r\n--x--\r\n`, { 'content-type': form })
    // It has its place, and is no picture.
    return status === 400 ? 201 : status
  }
  const ms = await untilRoom(ask)
  t.ok(ms > 4_000 && ms < 7_900, `${ms} ms`)
  t.strictSame(wires.map(isAnswered), [true, false])
  const [lost] = wires
  t.match(await lost?.ended(), /\r\nconnection: close\r\n/i)
})
