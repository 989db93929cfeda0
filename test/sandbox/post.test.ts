import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createServer as createSocketServer, type Socket } from 'node:net'
import t from 'tap'
import { createCertificate } from '../../src/sandbox/certificate.ts'
import { createPost } from '../../src/sandbox/notifications/post.ts'
import { portOf } from '../upstream.ts'
import { createClock } from './fixtures/clock.ts'

t.test('an endpoint has 5 seconds to answer once it is connected', async (t) => {
  const clock = createClock()
  const post = createPost(clock.schedule)
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const url = new URL(`http://127.0.0.1:${portOf(server)}/`)
  const slow = post.send(url, {}, 'x')
  await once(server, 'request')
  t.strictSame(clock.due(), [5_000])
  clock.advance(5_000)
  t.strictSame(await slow, { error: 'no answer within 5 s' })
  t.strictSame(clock.due(), [])

  const good = post.send(url, { 'x-a': 'b' }, 'hello')
  const [, outgoing]: [unknown, ServerResponse] = Object(await once(server, 'request'))
  outgoing.end('y'.repeat(20_000))
  t.strictSame(await good, { status: 200, answer: 'y'.repeat(16_384) })
  const again = post.send(url, {}, 'hello')
  const [, second]: [unknown, ServerResponse] = Object(await once(server, 'request'))
  t.strictSame(clock.due(), [5_000], 'a connection that is kept has no connecting to do')
  second.write('half', () => second.destroy())
  t.match(await again, { error: /./ })
  post.stop()
})

t.test('an endpoint that does not accept has 5 seconds, and one that refuses none', async (t) => {
  const clock = createClock()
  const post = createPost(clock.schedule)
  // TLS is not connected before its handshake, which this one never does.
  const silent = createSocketServer().listen(0, '127.0.0.1')
  const sockets: Socket[] = []
  silent.on('connection', (socket) => sockets.push(socket))
  await once(silent, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  const url = `127.0.0.1:${Object(silent.address()).port}/`
  const waiting = post.send(new URL(`https://${url}`), {}, 'x')
  await once(silent, 'connection')
  clock.advance(5_000)
  t.strictSame(await waiting, { error: 'no connection within 5 s' })
  const stopped = post.send(new URL(`http://${url}`), {}, 'x')
  await once(silent, 'connection')
  post.stop()
  t.strictSame(await stopped, { error: 'the sandbox stops' })
  t.match(await post.send(new URL('http://127.0.0.1:1/'), {}, 'x'), { error: /ECONNREFUSED/ })
})

t.test('a certificate that nobody vouches for is not believed', async (t) => {
  const server = createSecureServer(createCertificate(Date.now())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const post = createPost(createClock().schedule)
  const result = await post.send(new URL(`https://127.0.0.1:${portOf(server)}/`), {}, 'x')
  t.match(result, { error: /self-signed/ })
  post.stop()
})
