import { test } from 'tap'
import { wants } from '../programs.ts'
import { send, startBox, text } from './fixtures/box.ts'
import { openDesk } from './fixtures/desk.ts'

/** What is cut off by its column or by the window. A menu may lie over another column, with all that is in it. */
const cut = `[...document.querySelectorAll('button, a, summary, input, .menu-body')]
  .filter((one) => one.checkVisibility() && !one.matches('.menu-body *'))
  .filter((one) => {
    const column = one.matches('.menu-body') ? null : one.closest('.list, .talk, .developer')
    const { left, right } = column?.getBoundingClientRect() ?? { left: 0, right: innerWidth }
    const box = one.getBoundingClientRect()
    return box.left < left - 1 || box.right > right + 1
  })
  .map((one) => one.textContent)`

for (const width of [390, 870, 1024, 1100, 1280]) {
  test(`no button and no menu is cut off, ${width} px wide`, wants('chromium'), async (t) => {
    const sandbox = await startBox(t)
    for (let i = 0; i < 12; i++) await send(sandbox, text(`Hello ${i}`, `c${i}`))
    const { page } = await openDesk(t, sandbox.origin, width, 'light')
    await page.getByRole('button', { name: /Hello 11/ }).click()
    for (const step of ['Join', 'Close']) {
      for (const menu of ['No webhook', 'Actions', 'Unhappy paths']) {
        const summary = page.getByText(menu, { exact: true })
        await summary.click()
        t.strictSame(await page.evaluate(cut), [], `${menu}, before ${step}`)
        await page.keyboard.press('Escape')
      }
      if (step === 'Close') await page.getByText('Actions', { exact: true }).click()
      await page.getByRole('button', { name: step, exact: true }).click()
    }
    await page.getByText('This conversation is closed.').waitFor()
    await page.getByText('Actions', { exact: true }).click()
    t.strictSame(await page.evaluate(cut), [], 'Actions, of what is closed')
  })
}

test(
  'the newest message stays in sight when a picture above it comes late',
  wants('chromium'),
  async (t) => {
    const sandbox = await startBox(t)
    await send(sandbox, text('Look', 'c'))
    const { page } = await openDesk(t, sandbox.origin, 1280, 'light')
    const choose = () => page.getByRole('button', { name: /Look|The newest/ }).click()
    await choose()
    const buffer = await page.screenshot()
    const picture = { name: 'desk.png', mimeType: 'image/png', buffer }
    await page.getByLabel('A picture', { exact: true }).setInputFiles(picture)
    await page.getByRole('log').getByRole('img').waitFor()
    for (const words of ['One', 'Two', 'Three', 'The newest']) {
      await send(sandbox, text(words, 'c'))
    }
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    await page.route('**', async (route) => {
      if (route.request().resourceType() === 'image') await released
      await route.continue()
    })
    await page.reload()
    await choose()
    await page.getByRole('log').getByText('The newest').waitFor()
    release()
    const comesToItsEnd = `new Promise((resolve) => {
      const log = document.querySelector('[role=log]')
      const look = () => {
        const isLoaded = log.querySelector('img').naturalHeight > 0
        const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40
        isLoaded && isAtEnd ? resolve(true) : setTimeout(look, 20)
      }
      look()
      setTimeout(resolve, 20_000, false)
    })`
    t.equal(await page.evaluate(comesToItsEnd), true)
  },
)
