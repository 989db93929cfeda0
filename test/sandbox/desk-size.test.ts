import { test } from 'tap'
import { wants } from '../programs.ts'
import { send, startBox, text } from './fixtures/box.ts'
import { openDesk } from './fixtures/desk.ts'

test(
  'with 1,000 conversations and 10,000 calls the page stays small, and an update touches little',
  wants('chromium'),
  async (t) => {
    const sandbox = await startBox(t)
    for (let i = 0; i < 10_000; i++) await send(sandbox, text(`Hello ${i}`, `c${i % 1_000}`))
    const { page } = await openDesk(t, sandbox.origin, 1280, 'light')
    await page.getByText('Hello 9999').first().waitFor()
    const count = (selector: string) =>
      page.evaluate<number>(`document.querySelectorAll('${selector}').length`)
    t.equal(await count('.list li'), 300)
    t.ok((await count('.rows > li')) <= 300)
    t.ok((await count('*')) < 8_000, 'elements')
    await page.evaluate(`
    globalThis.added = 0
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) globalThis.added += addedNodes.length
    }).observe(document.body, { childList: true, subtree: true })`)
    await send(sandbox, text('The newest', 'c5'))
    await page.getByText('The newest').first().waitFor()
    await page
      .getByText('10001', { exact: true })
      .or(page.getByText('10000', { exact: true }))
      .first()
      .waitFor()
    t.ok((await page.evaluate<number>('globalThis.added')) < 20, 'elements are added for it')
  },
)
