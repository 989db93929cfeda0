import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import t from 'tap'
import { Connections } from '../../src/http/connections.ts'
import { start } from '../start.ts'
import { openWire } from '../wire.ts'

const request = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n'

t.test('Node alone listens for the close of a connection', async (t) => {
  const { url, server } = await start(t)
  const sockets: Socket[] = []
  server.server.on('connection', (socket) => sockets.push(socket))
  const wire = await openWire(t, url, request)
  await wire.until(/alive/)
  t.equal(sockets[0]?.listenerCount('close'), 1)
})

t.test('a connection is among the open ones until it has closed', async (t) => {
  const server = createServer((_request, response) => response.end('answered'))
  const connections = new Connections(server, 10)
  const sockets: Socket[] = []
  server.on('connection', (socket) => sockets.push(socket))
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  for (const _each of [1, 2]) {
    const wire = await openWire(t, `http://127.0.0.1:${address.port}`, request)
    await wire.until(/answered/)
  }
  const open = () => connections.open.map(({ socket }) => socket)
  t.strictSame(open(), sockets)
  const [first, second] = sockets
  if (first === undefined) throw new Error('no connection')
  await once(first.destroy(), 'close')
  t.strictSame(open(), [second])
})

t.test('closed connections do not cost an idle one its place', async (t) => {
  const server = createServer((_request, response) => response.end('answered'))
  new Connections(server, 10)
  t.teardown(() => server.closeAllConnections())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  const url = `http://127.0.0.1:${address.port}`
  const idle = await openWire(t, url, request)
  await idle.until(/answered/)
  for (let each = 0; each < 20; each += 1) {
    const wire = await openWire(t, url, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await wire.ended()
    wire.socket.end()
    await once(wire.socket, 'close')
  }
  idle.socket.write(request)
  await idle.until(/answered[\s\S]*answered/)
})
