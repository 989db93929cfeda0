import { readdirSync } from 'node:fs'
import t from 'tap'
import { buildApp } from '../../src/app/app.ts'
import { loadConfig } from '../../src/config/config.ts'
import { pointedAt } from '../../src/config/for-sandbox.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { start } from '../start.ts'
import { openWire } from '../wire.ts'

t.test(
  'Swagger UI is served from memory: readers that take nothing hold no file descriptor',
  async (t) => {
    const { url } = await start(t)
    const openFiles = () => readdirSync('/proc/self/fd', { withFileTypes: true }).length
    const get = 'GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n'
    const before = openFiles()
    for (let connection = 0; connection < 5; connection += 1) {
      const wire = await openWire(t, url, get.repeat(32))
      await wire.until(/HTTP\/1\.1 200/)
      wire.socket.pause()
      wire.socket.destroy()
    }
    const held = await openWire(t, url, get.repeat(32))
    await held.until(/HTTP\/1\.1 200/)
    // The sockets of both ends of what has not closed yet.
    t.ok(openFiles() - before <= 14, `${openFiles() - before} more`)
  },
)

t.test(
  'each file of the page is there with its type, and no other file of the package',
  async (t) => {
    const { url } = await start(t)
    const types: Record<string, RegExp> = {
      'docs/': /^text\/html; charset=utf-8$/,
      'docs/json': /^application\/json/,
      'docs/static/docs.css': /^text\/css/,
      'docs/static/swagger-ui.css': /^text\/css/,
      'docs/static/swagger-ui-bundle.js': /^text\/javascript/,
      'docs/static/docs.js': /^text\/javascript/,
      'docs/static/favicon-16x16.png': /^image\/png$/,
      'docs/static/favicon-32x32.png': /^image\/png$/,
    }
    for (const [path, type] of Object.entries(types)) {
      for (const method of ['GET', 'HEAD']) {
        const response = await fetch(`${url}/${path}`, { method })
        t.equal(response.status, 200, path)
        t.match(response.headers.get('content-type'), type, path)
        t.ok(Number(response.headers.get('content-length')) > 100, path)
        await response.arrayBuffer()
      }
    }
    for (const name of ['csp.json', 'swagger-ui.js', '..%2fpackage.json', 'nothing', '']) {
      t.equal((await fetch(`${url}/docs/static/${name}`)).status, 404, name)
    }
  },
)

t.test('the page at /docs moves to /docs/, by a path that works behind a prefix', async (t) => {
  const { url } = await start(t)
  const response = await fetch(`${url}/docs`, { redirect: 'manual' })
  t.equal(response.status, 302)
  t.equal(response.headers.get('location'), 'docs/')
})

t.test('the page names the account of an embedded sandbox, and presets a consumer', async (t) => {
  const embedded = await buildApp(
    pointedAt(loadConfig({ SANDBOX: 'true' }), {
      ...{ origin: 'http://localhost:1', accountId: 'sandbox' },
      ...{ clientId: 'id', clientSecret: 'secret' },
    }),
    createLogger('fatal'),
  )
  t.teardown(() => embedded.server.close())
  const other = await start(t)
  for (const [{ server }, account, preset] of [
    [other, '12345678', undefined],
    [embedded, 'sandbox', { consumerId: 'ada' }],
  ] as const) {
    const document = (await server.inject('/docs/json')).json()
    t.strictSame(document['x-sandbox'], preset)
    t.strictSame(document.servers, [{ url: '..', description: 'This proxy' }])
    const path = '/api/account/{accountId}/messaging/consumer/conversation'
    t.match(document.paths[path].post.parameters[0], { name: 'accountId', example: account })
    t.match(JSON.stringify(document), '"1234567890"', 'another number stays')
  }
})
