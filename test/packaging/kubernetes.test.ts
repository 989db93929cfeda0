/** The manifests of deploy/kubernetes: each is what Kubernetes' types say, and runs the proxy as it wants to be run. */
import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Test, test } from 'tap'
import ts from 'typescript'
import { parse, parseAllDocuments } from 'yaml'
import { loadConfig } from '../../src/config/config.ts'
import { Environment } from '../../src/config/environment.ts'
import { wants } from '../programs.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = `${root}deploy/kubernetes`
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

// biome-ignore lint/suspicious/noExplicitAny: the types are checked by the compiler, from text
type Manifest = any

const options = wants('kubectl')

const parseAll = (text: string): Manifest[] => parseAllDocuments(text).map((each) => each.toJS())

const render = (directory: string) =>
  parseAll(execFileSync('kubectl', ['kustomize', directory], { encoding: 'utf8' }))

/** Compiles a program that declares each manifest as the type of its kind; an unknown key is an error there. */
function faultsOf(t: Test, manifests: Manifest[]): string[] {
  const lines = manifests.map((manifest, index) => {
    const [group, version] = `core/${manifest.apiVersion}`.split('/').slice(-2)
    const type = `import('kubernetes-types/${group?.replace('.k8s.io', '')}/${version}').${manifest.kind}`
    return `export const manifest${index}: ${type} = ${JSON.stringify(manifest)}`
  })
  const file = `${t.testdir({})}/manifests.ts`
  writeFileSync(file, lines.join('\n'))
  const program = ts.createProgram([file], {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
  })
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

/** The container of the proxy, beside what of its pod it depends on. */
function proxyOf(manifests: Manifest[]) {
  const deployment = manifests.find(({ kind }) => kind === 'Deployment')
  const { spec: pod, metadata } = deployment.spec.template
  const container = [...(pod.initContainers ?? []), ...pod.containers].find(
    ({ name }) => name === 'liveengage-proxy',
  )
  const settings = manifests.find(({ kind }) => kind === 'ConfigMap')
  const set = container.env.map(({ name, value }: Manifest) => [name, value])
  const env: Record<string, string> = { ...settings.data, ...Object.fromEntries(set) }
  const portOf = (port: unknown) =>
    container.ports.find(({ name }: Manifest) => name === port)?.containerPort
  return { deployment, pod, labels: metadata.labels, container, settings, env, portOf }
}

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
      const { host } = loadConfig(env)
      t.equal(host, variant === 'sidecar' ? '127.0.0.1' : '0.0.0.0')
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

const readme = readFileSync(`${folder}/README.md`, 'utf8')

test('the README’s kustomizations of your own render, with your settings', options, async (t) => {
  const blocks = [...readme.matchAll(/```yaml\n([^`]*)```/g)].map(([, text = '']) => text)
  t.equal(blocks.length, 3)
  for (const [index, block] of blocks.entries()) {
    const directory = t.testdir({ yours: { 'kustomization.yaml': block } })
    cpSync(folder, `${directory}/liveengage-proxy/deploy/kubernetes`, { recursive: true })
    cpSync(`${folder}/sidecar/app.yaml`, `${directory}/yours/app.yaml`)
    const manifests = render(`${directory}/yours`)
    t.strictSame(faultsOf(t, manifests), [])
    const { container, env } = proxyOf(manifests)
    t.match(container.image, /^registry\.example\.com\/.+:.+$/, `block ${index}`)
    t.equal(loadConfig(env).accountId, '87654321')
  }
})

test(
  'webhooks: a listener that is reached by nothing but its own path, Service and policy',
  options,
  async (t) => {
    const [, , block = ''] = [...readme.matchAll(/```yaml\n([^`]*)```/g)].map(([, text]) => text)
    const directory = t.testdir({ yours: { 'kustomization.yaml': block } })
    cpSync(folder, `${directory}/liveengage-proxy/deploy/kubernetes`, { recursive: true })
    const manifests = render(`${directory}/yours`)
    const { env, labels, pod, container, portOf } = proxyOf(manifests)
    const of = (kind: string) =>
      manifests.find(
        (each) => each.kind === kind && each.metadata.name === 'liveengage-proxy-webhooks',
      ).spec
    const { webhookPort, eventsUrl } = loadConfig(env)
    t.ok(eventsUrl)
    const [port] = of('Service').ports
    t.equal(portOf(port.targetPort), webhookPort)
    t.strictSame(of('Service').selector, labels)
    const [path, ...more] = of('Ingress').rules[0].http.paths
    t.strictSame(more, [])
    t.match(path, {
      path: '/webhooks/liveperson',
      pathType: 'Exact',
      backend: { service: { name: 'liveengage-proxy-webhooks', port: { name: port.name } } },
    })
    const [from] = of('NetworkPolicy').ingress
    t.equal(portOf(from.ports[0].port), webhookPort)
    t.strictSame(of('NetworkPolicy').podSelector.matchLabels, labels)
    const [mount] = container.volumeMounts
    const { secret } = pod.volumes.find(({ name }: Manifest) => name === mount.name)
    t.strictSame(
      secret.items.map(({ path }: Manifest) => `${mount.mountPath}/${path}`).sort(),
      Object.entries(env)
        .flatMap(([name, value]) => (name.endsWith('_FILE') ? [value] : []))
        .sort(),
    )
  },
)

test('every file that the README links to exists, and every manifest is in a kustomization', async (t) => {
  const links = [...readme.matchAll(/\]\(((?!https?:)[^)#]+)[^)]*\)/g)]
  t.ok(links.length > 3, `${links.length} links`)
  for (const [, path = ''] of links) {
    t.doesNotThrow(() => readFileSync(`${folder}/${path}`), path)
  }
  for (const directory of ['sidecar', 'sidecar/component', 'standalone', 'webhooks']) {
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
