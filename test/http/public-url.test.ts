import { test } from 'tap'
import { Environment } from '../../src/config/environment.ts'
import { start } from '../start.ts'
import { notify, startApp, startListener } from '../webhooks/start-listener.ts'
import { rawOf } from '../webhooks/vectors.ts'
import { openWire } from '../wire.ts'

test('Location is relative to the request, and so right behind a path prefix', async (t) => {
  const { call } = await start(t)
  const { headers, body } = await call('POST', '/conversations')
  t.equal(headers['location'], `conversations/${body.conversationId}`)
  t.equal(
    new URL(headers['location'] ?? '', 'https://api.example.com/liveengage/conversations').href,
    `https://api.example.com/liveengage/conversations/${body.conversationId}`,
  )
})

test('PUBLIC_URL makes Location, the type of each problem and servers absolute', async (t) => {
  for (const publicUrl of ['https://api.example.com/lp', 'https://api.example.com/lp/']) {
    const { url, call } = await start(t, { PUBLIC_URL: publicUrl })
    const { headers, body } = await call('POST', '/conversations')
    t.equal(headers['location'], `https://api.example.com/lp/conversations/${body.conversationId}`)
    const again = await call('POST', '/conversations')
    t.equal(again.body.type, 'https://api.example.com/lp/problems/conversation-already-open')
    const document = await call('GET', '/openapi.json')
    t.match(document.body.servers, [{ url: 'https://api.example.com/lp' }])
    const { type } = (await call('GET', '/problems/overloaded')).body
    t.equal(type, 'https://api.example.com/lp/problems/overloaded')
    const wire = await openWire(t, url, 'nonsense\r\n\r\n')
    t.match(await wire.ended(), '"type":"https://api.example.com/lp/problems/invalid-request"')
  }
})

test('without PUBLIC_URL type is a path and servers are relative to the document', async (t) => {
  const { call } = await start(t)
  t.equal((await call('GET', '/nothing')).body.type, '/problems/route-not-found')
  t.match((await call('GET', '/openapi.json')).body.servers, [{ url: '.' }])
})

test('the description of PUBLIC_URL names all that it makes absolute', async (t) => {
  const publicUrl = 'https://api.example.com/lp/'
  const app = await startApp(t)
  const { call, origin } = await startListener(t, app.url, { PUBLIC_URL: publicUrl })
  t.equal((await notify(origin, rawOf('file'))).status, 200)
  const proxy = await start(t, { PUBLIC_URL: publicUrl })
  const opened = await proxy.call('POST', '/conversations')
  const found: Record<string, string> = {
    Location: opened.headers['location'] ?? '',
    type: (await call('GET', '/nothing')).body.type,
    servers: `${(await call('GET', '/openapi.json')).body.servers[0].url}/`,
    href: JSON.parse(app.taken[0]?.body ?? '{}').data.file.href,
  }
  for (const [name, url] of Object.entries(found)) t.ok(url.startsWith(publicUrl), name)
  const { description = '' } = Environment.properties.PUBLIC_URL
  const [absolute = ''] = /these are absolute URLs: .*?\./.exec(description) ?? []
  t.strictSame(
    [...absolute.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    Object.keys(found),
  )
})
