import { test } from 'tap'
import { start } from '../start.ts'
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
