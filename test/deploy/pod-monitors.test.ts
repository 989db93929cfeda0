/** The PodMonitors name ports, labels and a job that stand elsewhere. */
import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { parse, parseAllDocuments } from 'yaml'

const read = (file: string) =>
  readFileSync(new URL(`../../deploy/${file}`, import.meta.url), 'utf8')
const [sidecar, standalone] = parseAllDocuments(read('prometheus/pod-monitors.yaml')).map((each) =>
  each.toJS(),
)
const [scrape] = parse(read('prometheus/prometheus.yaml')).scrape_configs

const portsOf = (containers: { name: string; ports?: { name: string }[] }[]) =>
  containers
    .filter(({ name }) => name === 'liveengage-proxy')
    .flatMap(({ ports = [] }) => ports.map(({ name }) => name))

test('they find the admin port of each way, under the labels that its pods have', async (t) => {
  const { spec: beside } = parse(read('kubernetes/sidecar/component/sidecar.yaml')).spec.template
  const alone = parse(read('kubernetes/standalone/deployment.yaml')).spec.template
  for (const [monitor, ports] of [
    [sidecar, portsOf(beside.initContainers)],
    [standalone, portsOf(alone.spec.containers)],
  ]) {
    const [{ port, path, interval }, ...more] = monitor.spec.podMetricsEndpoints
    t.strictSame(more, [])
    t.ok(ports.includes(port), `${port} is one of ${ports}`)
    t.match(port, /admin$/)
    t.equal(path, scrape.metrics_path ?? '/metrics')
    t.equal(interval, scrape.scrape_interval)
  }
  t.match(alone.metadata.labels, standalone.spec.selector.matchLabels)
})

test('they give the job the name that the alerts expect', async (t) => {
  for (const { spec } of [sidecar, standalone]) {
    const [{ relabelings }] = spec.podMetricsEndpoints
    t.strictSame(relabelings, [{ targetLabel: 'job', replacement: scrape.job_name }])
  }
})
