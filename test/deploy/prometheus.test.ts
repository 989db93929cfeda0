/** What is there for Prometheus: its own tools read it, a real one scrapes the proxy, and every name in it is a metric. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { parse, stringify } from 'yaml'
import { idleFamilies } from '../observability/metrics/families.ts'
import { wants } from '../programs.ts'
import { scrape } from '../scrape.ts'
import { start } from '../start.ts'
import { expressionsOfDashboard, rules } from './expressions.ts'

const run = promisify(execFile)
const pathOf = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))

const messages = '/conversations/c1/messages'

t.test('promtool finds nothing to say about the metrics', wants('promtool'), async (t) => {
  const { call, url } = await start(t)
  await call('POST', messages, { text: 'Hi' })
  await call('POST', messages, { text: '' })
  const { text } = await scrape(url)
  const child = spawn('promtool', ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
  child.stdin.end(text)
  const [code] = await once(child, 'close')
  t.equal(said, '')
  t.equal(code, 0)
})

t.test('promtool takes the configuration and the rules', wants('promtool'), async (t) => {
  for (const args of [
    ['config', 'deploy/prometheus/prometheus.yaml'],
    ['rules', 'deploy/prometheus/alerts.yaml'],
  ] as const) {
    const { stdout } = await run('promtool', ['check', args[0], pathOf(args[1])])
    t.match(stdout, /SUCCESS/)
  }
})

t.test('each alert fires when it should, and keeps quiet', wants('promtool'), async (t) => {
  const file = pathOf('test/deploy/alerts.yaml')
  await t.resolves(run('promtool', ['test', 'rules', file]))
  const { tests } = parse(readFileSync(file, 'utf8'))
  const names: string[] = tests.map(({ name }: { name: string }) => name)
  for (const { alert } of rules) {
    const short = alert.replace('LiveEngageProxy', '')
    t.ok(names.includes(`${short} fires`), alert)
    t.ok(names.includes(`${short} keeps quiet`), alert)
  }
})

t.test('the dashboard shows 0 failures where there are none', wants('promtool'), async (t) => {
  const [expr = ''] = expressionsOfDashboard('Failures')
  const requests = (status: number, values: string) => ({
    series: `liveengage_proxy_requests_total{job="a",instance="b",status="${status}"}`,
    values,
  })
  const cases = [
    { name: 'no replica', input: [], value: 0 },
    { name: 'no requests', input: [requests(201, '7+0x9'), requests(503, '1+0x9')], value: 0 },
    { name: 'nothing ever failed', input: [requests(201, '0+60x9')], value: 0 },
    { name: 'a quarter', input: [requests(201, '0+45x9'), requests(503, '0+15x9')], value: 0.25 },
  ]
  const tests = cases.map(({ name, input, value }) => ({
    name,
    interval: '15s',
    input_series: input,
    promql_expr_test: [{ expr, eval_time: '2m', exp_samples: [{ labels: '{}', value }] }],
  }))
  const file = join(t.testdir({}), 'failures.yaml')
  writeFileSync(file, stringify({ tests }))
  await t.resolves(run('promtool', ['test', 'rules', file]))
})

t.test('a real Prometheus scrapes the proxy and can tell', wants('prometheus'), async (t) => {
  const { call, url } = await start(t)
  await call('POST', messages, { text: 'Hi' })
  const prometheus = await startPrometheus(t, new URL(url).host)
  const query = (expression: string) =>
    getJson(`${prometheus}/api/v1/query?${new URLSearchParams({ query: expression })}`)
  const sent = 'liveengage_proxy_requests_total{job="liveengage-proxy",action="sendMessage"}'
  const found = await until(async () => {
    const { data } = await query(sent)
    return data.result.length > 0 && data
  })
  t.match(found.result, [
    {
      metric: { route: '/conversations/:id/messages', status: '201', code: 'none' },
      value: [Number, '1'],
    },
  ])
  t.match(await query('up{job="liveengage-proxy"}'), {
    data: { result: [{ value: [Number, '1'] }] },
  })
  const expressions = expressionsOfDashboard()
  t.ok(expressions.length > 30)
  for (const expression of expressions) {
    t.match(await query(expression), { status: 'success' }, expression)
  }
  const evaluated = await until(async () => {
    const { data } = await getJson(`${prometheus}/api/v1/rules`)
    const [group] = data.groups
    const health: string[] = group.rules.map((rule: { health: string }) => rule.health)
    return !health.includes('unknown') && health
  })
  t.strictSame(
    evaluated,
    rules.map(() => 'ok'),
  )
})

t.test('the registry of a proxy has the families that are defined, and their labels', async (t) => {
  const { call, url } = await start(t)
  await call('POST', messages, { text: 'Hi' })
  const { text, series } = await scrape(url)
  const families = idleFamilies(t)
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type])
  t.strictSame(
    types,
    families.map(({ name, type }) => [name, type]),
  )
  for (const { name, type, labels = [] } of families) {
    const own = series.filter((each) =>
      type === 'histogram'
        ? new RegExp(`^${name}_(bucket|sum|count)$`).test(each.name)
        : each.name === name,
    )
    for (const each of own) {
      const expected = each.name.endsWith('_bucket') && type === 'histogram' ? ['le'] : []
      t.strictSame(Object.keys(each.labels).sort(), [...labels, ...expected].sort(), each.name)
    }
  }
})

// biome-ignore lint/suspicious/noExplicitAny: tests compare what came, whatever it is
async function getJson(url: string): Promise<any> {
  const response = await fetch(url)
  return response.json()
}

/** A Prometheus with the configuration that is there for operators, in a hurry. @returns its origin */
async function startPrometheus(t: Test, target: string): Promise<string> {
  const config = parse(readFileSync(pathOf('deploy/prometheus/prometheus.yaml'), 'utf8'))
  const [job] = config.scrape_configs
  job.scrape_interval = '200ms'
  job.static_configs[0].targets = [target]
  config.global = { evaluation_interval: '200ms' }
  config.rule_files = [pathOf('deploy/prometheus/alerts.yaml')]
  const folder = t.testdir({})
  writeFileSync(join(folder, 'prometheus.yaml'), stringify(config))
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  t.teardown(async () => {
    child.kill('SIGKILL')
    await once(child, 'close')
  })
  let log = ''
  child.stderr.on('data', (chunk) => {
    log += chunk
  })
  return until(async () => {
    if (child.exitCode !== null) throw new Error(`Prometheus ended after: ${log}`)
    const [, address] = /msg="Listening on" address=(\S+)/.exec(log) ?? []
    if (address === undefined) return false
    const { ok } = await fetch(`http://${address}/-/ready`)
    return ok && `http://${address}`
  })
}

/** Asks again until there is an answer, for half a minute at most. */
async function until<T>(ask: () => Promise<T | false>): Promise<T> {
  for (const end = performance.now() + 30_000; performance.now() < end; ) {
    const answer = await ask()
    if (answer !== false) return answer
    await delay(50)
  }
  throw new Error('it took too long')
}
