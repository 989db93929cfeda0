import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'
import { test } from 'tap'
import { startProcess } from '../process.ts'
import { findProgram, wants } from '../programs.ts'

const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run']
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const png = Buffer.from('89504e470d0a1a0a', 'hex')

/** As a conversation goes, with what each answers. */
const operations = [
  ['Conversation-openConversation', 201],
  ['Conversation-setUrgency', 204],
  ['Messages-sendMessage', 201],
  ['Presence-startTyping', 204],
  ['Presence-stopTyping', 204],
  ['Presence-setChatState', 204],
  ['Receipts-sendReceipt', 201],
  ['Files-sendFile', 201],
  ['Files-getFile', 200],
  ['Closing-setCsat', 204],
  ['Closing-closeConversation', 204],
  ['Consumer-setProfile', 204],
  ['Native-nativeConversation', 200],
  ['Native-nativeSend', 200],
] as const

test(
  'on the sandbox every example of /docs succeeds as it stands, in the order of a conversation',
  wants('chromium'),
  async (t) => {
    const url = await startProcess(t, { SANDBOX: 'true', SANDBOX_PORT: '0' }).url()
    const browser = await chromium.launch({
      executablePath: findProgram('chromium') ?? '',
      args: flags,
    })
    t.teardown(() => browser.close())
    const page = await browser.newPage({ viewport: { width: 390, height: 844 } })
    const broken: string[] = []
    page.on('console', (message) => message.type() === 'error' && broken.push(message.text()))
    page.on('request', (asked) => {
      // A picture is shown from a blob of the page's own.
      if (!asked.url().replace('blob:', '').startsWith(url)) broken.push(asked.url())
    })
    // The first picture can be had before one was sent.
    await page.goto(`${url}/docs/#/Files/getFile`, { waitUntil: 'networkidle' })
    t.equal((await execute('Files-getFile')).headers()['content-type'], 'image/jpeg')
    await page.goto(`${url}/docs/?again`, { waitUntil: 'networkidle' })
    t.equal(await page.locator('.servers option').textContent(), `${url} - This proxy`)
    const shown = await page.$$eval('.opblock', (blocks) => blocks.map(({ id }) => id))
    t.strictSame(
      shown.slice(0, operations.length),
      operations.map(([name]) => `operations-${name}`),
    )

    const conversations = new Set<string>()
    for (const [name, status] of operations) {
      await page.click(`#operations-${name} .opblock-summary-control`)
      const response = await execute(name)
      t.equal(response.status(), status, name)
      const [, id] = /\/conversations\/([^/]+)/.exec(response.url()) ?? []
      if (id !== undefined) conversations.add(id)
      if (name === 'Files-getFile') t.equal(response.headers()['content-type'], 'image/png')
      const names = await page.$$eval(`#operations-${name} tr[data-param-name]`, (rows) =>
        rows.map((row) => row.getAttribute('data-param-name')),
      )
      if (names.includes('dryRun')) t.equal(names.at(-1), 'dryRun', name)
      await page.click(`#operations-${name} .opblock-summary-control`)
    }
    t.equal(conversations.size, 1, 'that of the conversation that was opened')

    const one = page.locator('#operations-Messages-sendMessage')
    await one.locator('.opblock-summary-control').click()
    await one.locator('tr.response[data-code="201"]').waitFor()
    t.equal(await one.locator('tr.response[data-code="409"]').count(), 0)
    await one.getByRole('button', { name: /^Show the \d+ errors$/ }).click()
    t.equal(await one.locator('tr.response[data-code="409"]').count(), 1)
    t.strictSame(
      await page.evaluate(
        `${axe};axe.run('.errors').then(({ violations }) => violations.map(({ id }) => id))`,
      ),
      [],
    )
    await one.getByRole('button', { name: /^Hide the \d+ errors$/ }).click()
    t.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true)
    t.strictSame(broken, [], 'nothing fails, and nothing is asked for elsewhere')

    async function execute(name: string) {
      const operation = page.locator(`#operations-${name}`)
      await operation.locator('.execute').waitFor()
      if (name === 'Files-sendFile') {
        const picture = { name: 'a.png', mimeType: 'image/png', buffer: png }
        await operation.locator('input[type=file]').setInputFiles(picture)
      }
      const path = await operation.locator('.opblock-summary-path').getAttribute('data-path')
      const isCalled = new RegExp(`^${url}${path?.replaceAll(/\{\w+\}/g, '[^/]+')}($|\\?)`)
      const answered = page.waitForResponse((response) => isCalled.test(response.url()))
      await operation.locator('.execute').click()
      const response = await answered
      await operation.locator('.live-responses-table').waitFor()
      return response
    }
  },
)
