import { once } from 'node:events'
import { createServer, get, IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import t from 'tap'
import { createStream } from '../../src/sandbox/agent/stream.ts'
import { openElsewhere } from '../../src/sandbox/agent/unhappy-paths.ts'
import { forgetAll } from '../../src/sandbox/memory/state.ts'
import { portOf } from '../upstream.ts'
import { createMemory } from './fixtures/state.ts'

t.test('what is forgotten before it could be told is left out', async (t) => {
  const { clock, state } = createMemory()
  const stream = createStream(state, clock.schedule)
  const server = createServer((_, response) => stream.attach(response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    stream.close()
    server.close()
  })
  const [reader] = await once(
    get({ port: portOf(server), host: '127.0.0.1', agent: false }),
    'response',
  )
  reader.on('error', () => {})
  await once(reader, 'data')
  openElsewhere(state, 'acme', 'Hello')
  state.feed.publish({ type: 'call', id: 'forgotten' })
  forgetAll(state)
  clock.advance(50)
  const [told] = await once(reader, 'data')
  t.match(JSON.parse(String(told).slice('data: '.length)), {
    reset: true,
    overview: { counts: { conversations: 0 } },
    ...{ conversations: [], calls: [], notifications: [] },
  })
})

t.test('a reader who leaves more than 4 MiB unread is cut', async (t) => {
  const { clock, state } = createMemory()
  const stream = createStream(state, clock.schedule)
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  stream.attach(response)
  openElsewhere(state, 'acme')
  clock.advance(50)
  t.notOk(response.destroyed)
  response.write(Buffer.alloc(4 * 2 ** 20))
  openElsewhere(state, 'acme')
  clock.advance(50)
  t.ok(response.destroyed)
})

t.test('what changed before the close is told to nobody after it', async (t) => {
  const { clock, state } = createMemory()
  const stream = createStream(state, clock.schedule)
  stream.attach(new ServerResponse(new IncomingMessage(new Socket())))
  openElsewhere(state, 'acme')
  t.strictSame(clock.due(), [50])
  stream.close()
  t.strictSame(clock.due(), [])
})
