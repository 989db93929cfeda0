/** The manifests of deploy/kubernetes: each is what Kubernetes' types say, and runs the proxy as it wants to be run. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'tap'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/config.ts'
import { Environment } from '../../src/config/environment.ts'
import { wants } from '../programs.ts'
import {
  blocks,
  faultsOf,
  folder,
  type Manifest,
  proxyOf,
  readme,
  render,
  renderBlock,
  version,
} from './manifests.ts'

const options = wants('kubectl')

for (const variant of ['sidecar', 'standalone']) {
  test(`${variant}: every manifest is of Kubernetes' types`, options, async (t) => {
    t.strictSame(faultsOf(t, render(`${folder}/${variant}`)), [])
  })

  test(
    `${variant}: the environment is valid, and each variable one that the proxy reads`,
    options,
    async (t) => {
      const { container, env, settings } = proxyOf(render(`${folder}/${variant}`))
      t.strictSame(container.envFrom, [{ configMapRef: { name: settings.metadata.name } }])
      t.strictSame(
        Object.keys(env).filter((name) => !(name in Environment.properties)),
        [],
      )
      const { host, adminHost } = loadConfig(env)
      t.equal(host, variant === 'sidecar' ? '127.0.0.1' : '::')
      t.equal(adminHost, '::', 'a kubelet may have IPv6 only')
    },
  )

  test(`${variant}: secrets are files of a secret, never variables`, options, async (t) => {
    const { container, env, pod } = proxyOf(render(`${folder}/${variant}`))
    const files = Object.keys(env).filter((name) => name.endsWith('_FILE'))
    t.ok(files.includes('LP_CLIENT_SECRET_FILE'))
    t.equal(files.includes('API_KEYS_FILE'), variant === 'standalone')
    for (const name of ['LP_CLIENT_SECRET', 'API_KEYS']) t.notOk(name in env, name)
    t.notMatch(JSON.stringify(container), /secretKeyRef|secretRef/)
    const [mount, ...more] = container.volumeMounts
    t.strictSame(more, [])
    t.equal(mount.readOnly, true)
    const { secret } = pod.volumes.find(({ name }: Manifest) => name === mount.name)
    t.strictSame(
      secret.items.map(({ path }: Manifest) => `${mount.mountPath}/${path}`).sort(),
      files.map((name) => env[name]).sort(),
    )
  })

  test(`${variant}: the probes ask the admin listener`, options, async (t) => {
    const { container, env, portOf } = proxyOf(render(`${folder}/${variant}`))
    for (const [probe, path] of [
      ['startupProbe', '/readyz'],
      ['readinessProbe', '/readyz'],
      ['livenessProbe', '/livez'],
    ] as const) {
      const { httpGet } = container[probe]
      t.equal(httpGet.path, path, probe)
      t.equal(portOf(httpGet.port), loadConfig(env).adminPort, probe)
    }
  })

  test(
    `${variant}: the pod gives the proxy more time to stop than it takes`,
    options,
    async (t) => {
      const { env, pod } = proxyOf(render(`${folder}/${variant}`))
      const { shutdownDelayMs, shutdownTimeoutMs, requestTimeoutMs } = loadConfig(env)
      t.ok(shutdownTimeoutMs > shutdownDelayMs + requestTimeoutMs, 'which is more than a request')
      // Beside a sidecar the app has its own time first: 30 seconds where nobody says otherwise.
      const appMs = variant === 'sidecar' ? 30_000 : 0
      t.ok(pod.terminationGracePeriodSeconds * 1000 > appMs + shutdownTimeoutMs)
    },
  )

  test(`${variant}: the container has no right that it does not need`, options, async (t) => {
    const { container } = proxyOf(render(`${folder}/${variant}`))
    t.strictSame(container.securityContext, {
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    })
    for (const kind of ['requests', 'limits']) {
      t.strictSame(Object.keys(container.resources[kind]).sort(), ['cpu', 'memory'], kind)
    }
  })

  test(`${variant}: the image is this version's`, options, async (t) => {
    t.equal(proxyOf(render(`${folder}/${variant}`)).container.image, `liveengage-proxy:${version}`)
  })
}

test('a key that Kubernetes does not know is found', options, async (t) => {
  const manifests = render(`${folder}/sidecar`)
  proxyOf(manifests).container.securityContext.readOnlyRootFileSystem = true
  t.match(faultsOf(t, manifests), [/readOnlyRootFileSystem/])
})

test(
  'the sidecar is a native one: it starts before the app and ends after it',
  options,
  async (t) => {
    const { pod } = proxyOf(render(`${folder}/sidecar`))
    t.match(pod.initContainers, [{ name: 'liveengage-proxy', restartPolicy: 'Always' }])
    t.strictSame(
      pod.containers.map(({ name }: Manifest) => name),
      ['app'],
      'the app is as it was',
    )
  },
)

test('a Deployment that does not ask for the sidecar gets none', options, async (t) => {
  const directory = `${t.testdir({})}/sidecar`
  cpSync(`${folder}/sidecar`, directory, { recursive: true })
  const app = readFileSync(`${directory}/app.yaml`, 'utf8')
  writeFileSync(`${directory}/app.yaml`, app.replace(/^ +liveengage-proxy\/sidecar: .*\n/m, ''))
  const deployment = render(directory).find(({ kind }) => kind === 'Deployment')
  t.equal(deployment.spec.template.spec.initContainers, undefined)
})

test(
  'standalone: everything that selects pods selects the proxy’s, by ports that it has',
  options,
  async (t) => {
    const manifests = render(`${folder}/standalone`)
    const { deployment, labels, pod, portOf, env } = proxyOf(manifests)
    const of = (kind: string) => manifests.find((each) => each.kind === kind)
    const policy = of('NetworkPolicy').spec
    const selectors = [
      deployment.spec.selector.matchLabels,
      of('Service').spec.selector,
      of('PodDisruptionBudget').spec.selector.matchLabels,
      policy.podSelector.matchLabels,
      ...pod.topologySpreadConstraints.map(
        ({ labelSelector }: Manifest) => labelSelector.matchLabels,
      ),
    ]
    for (const selector of selectors) t.strictSame(selector, labels)
    t.match(of('HorizontalPodAutoscaler').spec.scaleTargetRef, {
      apiVersion: deployment.apiVersion,
      kind: deployment.kind,
      name: deployment.metadata.name,
    })
    t.equal(pod.serviceAccountName, of('ServiceAccount').metadata.name)
    t.strictSame(
      [pod, of('ServiceAccount')].map((each) => each.automountServiceAccountToken),
      [false, false],
    )
    const { port, adminPort } = loadConfig(env)
    t.strictSame(
      of('Service').spec.ports.map(({ targetPort }: Manifest) => portOf(targetPort)),
      [port],
    )
    const [api, probes, ...more] = policy.ingress
    t.strictSame(more, [])
    t.strictSame(
      [api, probes].map(({ ports }) => portOf(ports[0].port)),
      [port, adminPort],
    )
    t.ok(api.from[0].podSelector.matchLabels, 'the API is for labelled pods only')
    t.strictSame(policy.policyTypes, ['Ingress', 'Egress'])
    t.strictSame(
      policy.egress.flatMap(({ ports }: Manifest) => ports.map((each: Manifest) => each.port)),
      [53, 53, 443],
    )
  },
)

test('the README’s kustomizations of your own render, with your settings', options, async (t) => {
  t.equal(blocks.length, 4)
  for (const [index, block] of blocks.entries()) {
    const manifests = renderBlock(t, block)
    t.strictSame(faultsOf(t, manifests), [])
    const { container, env } = proxyOf(manifests)
    t.match(container.image, /^registry\.example\.com\/.+:.+$/, `block ${index}`)
    t.equal(loadConfig(env).accountId, '87654321')
  }
})

test('every file that the README links to exists, and every manifest is in a kustomization', async (t) => {
  const links = [...readme.matchAll(/\]\(((?!https?:)[^)#]+)[^)]*\)/g)]
  t.ok(links.length > 3, `${links.length} links`)
  for (const [, path = ''] of links) {
    t.doesNotThrow(() => readFileSync(`${folder}/${path}`), path)
  }
  for (const directory of [
    'missing-sidecar',
    'sidecar',
    'sidecar/component',
    'sidecar/webhooks',
    'standalone',
    'webhooks',
  ]) {
    const { resources = [], patches = [] } = parse(
      readFileSync(`${folder}/${directory}/kustomization.yaml`, 'utf8'),
    )
    t.strictSame(
      readdirSync(`${folder}/${directory}`)
        .filter((name) => name.endsWith('.yaml'))
        .sort(),
      ['kustomization.yaml', ...resources, ...patches.map(({ path }: Manifest) => path)].sort(),
    )
  }
})
