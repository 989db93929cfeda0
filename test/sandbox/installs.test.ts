import { createServer } from 'node:http'
import t from 'tap'
import { createInstalls } from '../../src/sandbox/notifications/installs.ts'
import type { NotificationState } from '../../src/sandbox/notifications/journal.ts'
import { listen } from '../transport/fixtures/raw.ts'
import { createClock } from './fixtures/clock.ts'

t.test(
  'what is not LivePerson’s is taken by the answers that LivePerson’s own is taken by',
  async (t) => {
    let status = 200
    const app = createServer((_request, response) => response.writeHead(status).end())
    t.teardown(() => app.close())
    const url = `http://127.0.0.1:${await listen(app)}`
    let ended: (state: NotificationState) => void = () => {}
    const installs = createInstalls({
      clientId: 'client',
      clientSecret: 'secret',
      settings: { url, signature: 'sha1-base64', escapeUnicode: false, retentionSeconds: 0 },
      ...createClock(),
      changed: () => {},
      notificationChanged: (id) => {
        const state = installs.journal.withId(id)?.state
        if (state === 'delivered' || state === 'dropped') ended(state)
      },
    })
    t.teardown(() => installs.stop())
    for (const [answered, expected] of [
      [200, 'delivered'],
      [201, 'delivered'],
      [204, 'dropped'],
      [302, 'dropped'],
      [401, 'dropped'],
    ] as const) {
      for (const special of [{}, { strayWith: 'sha1=x' }]) {
        status = answered
        const end = new Promise<NotificationState>((resolve) => {
          ended = resolve
        })
        installs.notify({
          ...{ account: 'acme', conversationId: 'c1', kind: 'ContentEvent', document: {} },
          ...special,
        })
        t.equal(await end, expected, `${answered} ${JSON.stringify(special)}`)
      }
    }
  },
)
