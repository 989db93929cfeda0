/** The components of deploy/kubernetes that let LivePerson's notifications in. */
import { readFileSync } from 'node:fs'
import { type Test, test } from 'tap'
import { loadConfig } from '../../src/config/config.ts'
import { wants } from '../programs.ts'
import { blocks, folder, type Manifest, proxyOf, render, renderBlock } from './manifests.ts'

const options = wants('kubectl')

/** What a kustomization of the README renders that takes a component for webhooks. */
function renderWebhooks(t: Test, variant: string): Manifest[] {
  const block = blocks.find((text) => text.includes('/webhooks\n') && text.includes(`/${variant}`))
  return renderBlock(t, block ?? '')
}

for (const variant of ['sidecar', 'standalone']) {
  test(
    `${variant}, webhooks: a listener that is reached by nothing but its own path, Service and policy`,
    options,
    async (t) => {
      const manifests = renderWebhooks(t, variant)
      const { env, labels, pod, container, portOf } = proxyOf(manifests)
      const of = (kind: string) =>
        manifests.find(
          (each) => each.kind === kind && each.metadata.name === 'liveengage-proxy-webhooks',
        ).spec
      const { webhookHost, webhookPort, eventsUrl } = loadConfig(env)
      t.ok(eventsUrl)
      t.equal(webhookHost, '::')
      t.strictSame(
        container.ports.filter(({ containerPort }: Manifest) => containerPort === webhookPort)
          .length,
        1,
      )
      const numberOf = (port: unknown) => (typeof port === 'number' ? port : portOf(port))
      const [port, ...others] = of('Service').ports
      t.strictSame(others, [])
      t.equal(numberOf(port.targetPort), webhookPort)
      const [path, ...more] = of('Ingress').rules[0].http.paths
      t.strictSame(more, [])
      t.match(path, {
        path: '/webhooks/liveperson',
        pathType: 'Exact',
        backend: { service: { name: 'liveengage-proxy-webhooks', port: { name: port.name } } },
      })
      const [rule] = of('NetworkPolicy').ingress
      t.ok(rule.from[0].namespaceSelector.matchLabels, 'only the ingress controller')
      t.strictSame(
        rule.ports.map((each: Manifest) => numberOf(each.port)),
        [webhookPort],
      )
      for (const selector of [of('Service').selector, of('NetworkPolicy').podSelector.matchLabels])
        t.hasStrict(labels, selector)
      const [mount] = container.volumeMounts
      const { secret } = pod.volumes.find(({ name }: Manifest) => name === mount.name)
      t.strictSame(
        secret.items.map(({ path }: Manifest) => `${mount.mountPath}/${path}`).sort(),
        Object.entries(env)
          .flatMap(([name, value]) => (name.endsWith('_FILE') ? [value] : []))
          .sort(),
      )
      t.ok(env['EVENTS_SECRET_FILE'])
    },
  )
}

test(
  'sidecar, webhooks: the app gets events on loopback, and its pods keep their probes',
  options,
  async (t) => {
    const manifests = renderWebhooks(t, 'sidecar')
    const { env, pod, container } = proxyOf(manifests)
    const { host, eventsUrl = '', adminPort } = loadConfig(env)
    t.equal(host, '127.0.0.1', 'the API is still for the pod alone')
    t.equal(new URL(eventsUrl).hostname, '127.0.0.1')
    t.match(pod.initContainers, [{ name: 'liveengage-proxy', restartPolicy: 'Always' }])
    t.equal(container.securityContext.readOnlyRootFilesystem, true, 'the component has come first')
    const { spec } = manifests.find(({ kind }) => kind === 'NetworkPolicy')
    t.strictSame(spec.policyTypes, ['Ingress'], 'what the app calls is not its business')
    t.strictSame(spec.ingress.slice(1), [{ ports: [{ port: adminPort }] }])
    // By name, Kubernetes before 1.32 and some networks do not find the port of a native sidecar.
    const service = manifests.find(({ kind }) => kind === 'Service')
    t.type(service.spec.ports[0].targetPort, 'number')
    t.type(spec.ingress[0].ports[0].port, 'number')
  },
)

test('sidecar: without its component, the label for webhooks opens nothing', options, async (t) => {
  const { env, labels } = proxyOf(render(`${folder}/sidecar`))
  t.equal(loadConfig(env).webhookPort, undefined)
  t.notOk('liveengage-proxy/webhooks' in labels)
})

test('both ways have the same Ingress', async (t) => {
  const [sidecar, standalone] = ['sidecar/webhooks', 'webhooks'].map((directory) =>
    readFileSync(`${folder}/${directory}/ingress.yaml`, 'utf8'),
  )
  t.equal(sidecar, standalone)
})
