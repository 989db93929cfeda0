import { createServer, request } from 'node:http'
import { chromium } from 'playwright-core'
import { type Test, test } from 'tap'
import { findProgram, wants } from '../programs.ts'
import { start, token } from '../start.ts'
import { portOf } from '../upstream.ts'

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const png = Buffer.from('89504e470d0a1a0a', 'hex')

/** What an ingress does: serves the proxy under a path prefix that it takes off. */
async function startPrefix(t: Test, origin: string, prefix: string): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const { url = '', method, headers } = incoming
    if (!url.startsWith(`${prefix}/`)) return outgoing.writeHead(404).end()
    const path = url.slice(prefix.length)
    const upstream = request(new URL(path, origin), { method, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(outgoing)
    })
    return incoming.pipe(upstream)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${portOf(server)}${prefix}`
}

test(
  'Try it out of /docs sends a real message, at the root and behind a prefix',
  wants('chromium'),
  async (t) => {
    const { url, sandbox } = await start(t)
    const browser = await chromium.launch({
      executablePath: findProgram('chromium') ?? '',
      args: flags,
    })
    t.teardown(() => browser.close())
    for (const base of [url, await startPrefix(t, url, '/team/liveengage')]) {
      const page = await browser.newPage()
      const broken: string[] = []
      page.on('requestfailed', (failed) => broken.push(failed.url()))
      page.on('console', (message) => message.type() === 'error' && broken.push(message.text()))
      await page.goto(`${base}/docs`, { waitUntil: 'networkidle' })
      await page.click('button.authorize')
      for (const input of await page.$$('.modal-ux input')) await input.fill(token)
      for (const button of await page.$$('.modal-ux button.authorize')) await button.click()
      await page.click('.modal-ux button.btn-done')
      const operation = '#operations-Messages-sendMessage'
      await page.click(`${operation} .opblock-summary-control`)
      const before = sandbox.calls().filter(({ method }) => method === 'POST').length
      const answered = page.waitForResponse((response) => response.url().endsWith('/messages'))
      await page.click(`${operation} .execute`)
      const response = await answered
      t.equal(response.status(), 201, base)
      t.ok(response.url().startsWith(`${base}/conversations/`), base)
      const sent = sandbox.calls().filter(({ method }) => method === 'POST')
      t.equal(sent.length, before + 1)
      t.match(sent.at(-1)?.body, { type: 'ms.PublishEvent', body: { event: { message: 'Hi' } } })
      const files = '#operations-Files-sendFile'
      await page.click(`${files} .opblock-summary-control`)
      const picture = { name: 'a.png', mimeType: 'image/png', buffer: png }
      await page.setInputFiles(`${files} input[type=file]`, picture)
      const uploaded = page.waitForResponse((response) => response.url().endsWith('/files'))
      await page.click(`${files} .execute`)
      t.equal((await uploaded).status(), 201, 'a picture goes with every other field left as it is')
      t.strictSame(broken, [], 'every part of the page loads')
      await page.close()
    }
  },
)
