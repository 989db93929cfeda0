import net, { Socket } from 'node:net'
import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { startProxy } from '../start.ts'
import { startUpstream } from '../upstream.ts'

/** Lets no connection to this port come about until the returned function is called. */
function lackFiles(t: Test, port: number, code: string): () => void {
  const { connect } = net
  const mocked = mock.method(net, 'connect', (...args: unknown[]) => {
    const [target] = args
    const isUpstream =
      typeof target === 'object' &&
      target !== null &&
      'port' in target &&
      Number(target.port) === port
    if (!isUpstream) return Reflect.apply(connect, net, args)
    const socket = new Socket()
    process.nextTick(() => socket.destroy(Object.assign(new Error(`connect ${code}`), { code })))
    return socket
  })
  const restore = () => mocked.mock.restore()
  t.teardown(restore)
  return restore
}

// The last is what the resolver of glibc says.
for (const code of ['EMFILE', 'ENFILE', 'EBUSY']) {
  t.test(
    `${code} is the proxy's own lack: overloaded, nothing sent, no breaker opens, no look-up is remembered as failed`,
    async (t) => {
      const upstream = await startUpstream(t)
      const port = Number(new URL(upstream.origin).port)
      const { call } = await startProxy(t, upstream.origin)
      const restore = lackFiles(t, port, code)
      const send = () => call('POST', '/conversations/c1/messages', { text: 'Hi' })
      for (let tries = 0; tries < 30; tries += 1) {
        const { status, body } = await send()
        t.match(
          { status, body },
          { status: 503, body: { code: 'overloaded', delivery: 'not-sent', retryable: true } },
        )
      }
      restore()
      t.equal((await send()).status, 201, 'at once when files can be opened again')
      t.equal(upstream.sends().length, 1)
    },
  )
}
