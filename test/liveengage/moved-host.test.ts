import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { startProxy } from '../start.ts'
import { hostIs, startUpstream } from '../upstream.ts'

const path = '/conversations/c1/messages'

t.test(
  'a host that dies and then moves is found within three seconds, although its circuit breaker is open',
  async (t) => {
    const domainApi = await startUpstream(t)
    const before = await startUpstream(t)
    const after = await startUpstream(t)
    domainApi.script.domain = hostIs(before.host)
    const proxy = await startProxy(t, domainApi.origin, {
      LP_ALLOWED_HOSTS: [domainApi, before, after].map(({ host }) => host).join(),
    })
    const send = () => proxy.call('POST', path, { text: 'Hi' })
    t.equal((await send()).status, 201)

    before.server.close()
    before.server.closeAllConnections()
    const codes = new Set<string>()
    for (let tries = 0; tries < 100 && !codes.has('circuit-open'); tries += 1) {
      codes.add((await send()).body.code)
    }
    t.ok(codes.has('circuit-open'))

    domainApi.script.domain = hostIs(after.host)
    const movedAt = performance.now()
    let status = 0
    while (status !== 201 && performance.now() - movedAt < 10_000) {
      status = (await send()).status
      await delay(50)
    }
    t.equal(status, 201)
    t.ok(performance.now() - movedAt < 8_000)
    t.equal(after.sends().length, 1)
  },
)
