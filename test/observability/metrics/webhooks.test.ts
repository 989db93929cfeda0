import t from 'tap'
import { scrape } from '../../scrape.ts'
import { start } from '../../start.ts'
import { notify, startApp, startListener } from '../../webhooks/start-listener.ts'
import { rawOf } from '../../webhooks/vectors.ts'

t.test('without a webhook listener every outcome of a notification is zero', async (t) => {
  const { url } = await start(t)
  const { series } = await scrape(url)
  t.strictSame(
    series
      .filter(({ name }) => name === 'liveengage_proxy_notifications_total')
      .map(({ labels, value }) => [labels['outcome'], value]),
    [
      ['taken', 0],
      ['app-refused', 0],
      ['app-unreachable', 0],
      ['app-timeout', 0],
      ['malformed', 0],
      ['signature-invalid', 0],
      ['busy', 0],
    ],
  )
})

t.test('notifications and events are counted by what came of them', async (t) => {
  const app = await startApp(t, [204, 500])
  const { origin, url } = await startListener(t, app.url)
  for (const [raw, headers, status] of [
    [rawOf('text_emoji'), {}, 200],
    [rawOf('receipt_read'), {}, 502],
    [rawOf('text_consumer_echo'), {}, 200],
    [rawOf('text_emoji').replace('ContentEvent', 'NewEvent'), {}, 200],
    ['[]', {}, 400],
    [rawOf('text_emoji'), { 'x-liveperson-signature': 'x' }, 401],
  ] as const) {
    t.equal((await notify(origin, raw, headers)).status, status)
  }
  const scraped = await scrape(url)
  for (const [outcome, count] of [
    ['taken', 3],
    ['app-refused', 1],
    ['malformed', 1],
    ['signature-invalid', 1],
    ['busy', 0],
  ] as const) {
    t.equal(scraped.value('notifications_total', { outcome }), count, outcome)
  }
  t.strictSame(
    scraped.series
      .filter(({ name }) => name === 'liveengage_proxy_events_total')
      .map(({ labels, value }) => [labels['type'], labels['outcome'], labels['reason'], value]),
    [
      ['message.created', 'taken', 'none', 1],
      ['receipt.created', 'refused', 'none', 1],
      ['message.created', 'left-out', 'consumer', 1],
      ['none', 'left-out', 'unknown', 1],
    ],
  )
  t.equal(scraped.value('events_app_duration_seconds_count'), 2)
  t.equal(scraped.value('events_lag_seconds_count'), 1, 'only of what the app took')
  const age = Date.now() / 1000 - Date.parse('2026-09-21T14:13:22.000Z') / 1000
  t.ok(Math.abs(scraped.value('events_lag_seconds_sum') - age) < 60, 'since LivePerson had it')
})
