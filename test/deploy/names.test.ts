/** Every metric, label and value that an alert, the dashboard or the documentation names is one of the proxy's. */
import t from 'tap'
import { problems } from '../../src/problems/catalogue.ts'
import { checkTable } from '../docs/page.ts'
import { idleFamilies } from '../observability/metrics/families.ts'
import { scrape } from '../scrape.ts'
import { start } from '../start.ts'
import { dashboard, expressionsOfDashboard, rules } from './expressions.ts'

const expressions = [...rules.map(({ expr }) => expr), ...expressionsOfDashboard()]

/** What Prometheus adds. */
const targetLabels = ['job', 'instance']

t.test('every metric in an expression exists, with the labels that are asked for', async (t) => {
  const labelsOf = new Map<string, readonly string[]>([['up', []]])
  for (const { name, type, labels = [] } of idleFamilies(t)) {
    if (type !== 'histogram') labelsOf.set(name, labels)
    else {
      labelsOf.set(`${name}_bucket`, [...labels, 'le'])
      for (const part of ['sum', 'count']) labelsOf.set(`${name}_${part}`, labels)
    }
  }
  for (const expression of expressions) {
    const words = expression.replaceAll(/"[^"]*"/g, '""').replaceAll(/\[[^\]]*\]/g, '')
    const metrics = [
      ...words.matchAll(/\b(up|(?:liveengage_proxy|process|nodejs)_\w+)(\{[^}]*\})?/g),
    ]
    t.ok(metrics.length > 0, expression)
    const known = new Set(targetLabels)
    for (const [, name = '', matchers = ''] of metrics) {
      const labels = labelsOf.get(name)
      t.ok(labels, name)
      for (const label of labels ?? []) known.add(label)
      for (const [, label = ''] of matchers.matchAll(/(\w+)(?:=~|!~|!=|=)/g)) {
        t.ok([...targetLabels, ...(labels ?? [])].includes(label), `${label} of ${name}`)
      }
    }
    for (const [, list = ''] of words.matchAll(/\bby \(([^)]*)\)/g)) {
      for (const label of list.split(','))
        t.ok(known.has(label.trim()), `${label} in ${expression}`)
    }
  }
})

t.test('every value in an expression is one that the label can have', async (t) => {
  const { url } = await start(t)
  const { series } = await scrape(url)
  const values = (label: string) => new Set(series.flatMap(({ labels }) => labels[label] ?? []))
  const codes = new Set([...Object.keys(problems), 'none'])
  let compared = 0
  for (const expression of expressions) {
    const matchers =
      /\b(code|result|reason|service|token|cause|remedy|outcome)(?:=~|!~|!=|=)"([^"]+)"/g
    for (const [, label = '', value = ''] of expression.matchAll(matchers)) {
      compared += 1
      const known = label === 'code' ? codes : values(label)
      for (const each of value.split('|')) {
        t.ok(known.has(each), `${label} ${each}`)
      }
    }
  }
  t.ok(compared > 5, `${compared} matchers`)
})

t.test('the dashboard asks the data source of its variable, in eight rows', async (t) => {
  const text = JSON.stringify(dashboard)
  const sources = [...text.matchAll(/"uid":"([^"]+)"/g)].map(([, uid]) => uid)
  const [variable, own, ...others] = [...new Set(sources)].sort()
  t.match(variable, /^\$\{datasource\}$/)
  t.strictSame([own, ...others], [dashboard.uid])
  t.match(dashboard.templating.list[0], { name: 'datasource', type: 'datasource' })
  t.strictSame(
    dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title),
    [
      'Traffic',
      'Latency',
      'Delivery',
      'Pressure',
      'LiveEngage',
      'Hosts and tokens',
      'Webhooks',
      'Process',
    ],
  )
})

t.test('every metric is on the dashboard, but for two that are parts of another', async (t) => {
  const text = expressionsOfDashboard().join('\n')
  t.strictSame(
    idleFamilies(t)
      .map(({ name }) => name)
      .filter((name) => !text.includes(name)),
    ['process_cpu_user_seconds_total', 'process_cpu_system_seconds_total'],
  )
})

t.test('no panel of the dashboard mixes units, and each says its own', async (t) => {
  const wrong = dashboard.panels.flatMap(({ title, targets = [], fieldConfig }) =>
    targets
      .map(({ expr }) => unitOf(expr))
      .filter((unit) => unit !== fieldConfig?.defaults.unit)
      .map((unit) => `${title}: ${fieldConfig?.defaults.unit}, and there is ${unit}`),
  )
  t.strictSame(wrong, [])
})

/** What a value is, in Grafana's words. */
function unitOf(expression: string): string {
  if (expression.includes('build_info')) return 'none'
  // Every histogram is of seconds.
  if (/^histogram_quantile|_seconds_sum.* \/ /.test(expression)) return 's'
  if (expression.includes(' / ')) return 'percentunit'
  // So many seconds in a second.
  if (/rate\(\w+_seconds_total/.test(expression)) return 'percentunit'
  if (/rate\(/.test(expression)) return 'reqps'
  if (/increase\(/.test(expression)) return 'short'
  if (/_seconds\b/.test(expression)) return 's'
  return /_bytes\b/.test(expression) ? 'bytes' : 'short'
}

t.test('the documentation lists every metric as it is defined', async (t) => {
  const rows = idleFamilies(t).map(({ name, type, labels = [], help }) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', '),
    help,
  ])
  checkTable(t, 'docs/metrics.md', 'metrics', rows)
})

t.test('the documentation says of every alert what to do', async (t) => {
  const rows = rules.map(({ alert, labels, annotations }) => [
    `\`${alert}\``,
    labels.severity,
    annotations.summary.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, '*$1*'),
    annotations.what_to_do,
  ])
  checkTable(t, 'docs/metrics.md', 'alerts', rows)
})
