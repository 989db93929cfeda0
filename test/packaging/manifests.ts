/** The manifests of deploy/kubernetes as the tests read them: rendered, with the container of the proxy. */
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import ts from 'typescript'
import { parseAllDocuments } from 'yaml'

const root = fileURLToPath(new URL('../../', import.meta.url))
export const folder = `${root}deploy/kubernetes`
export const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

// biome-ignore lint/suspicious/noExplicitAny: the types are checked by the compiler, from text
export type Manifest = any

const parseAll = (text: string): Manifest[] => parseAllDocuments(text).map((each) => each.toJS())

export const render = (directory: string) =>
  parseAll(execFileSync('kubectl', ['kustomize', directory], { encoding: 'utf8' }))

/** Compiles a program that declares each manifest as the type of its kind; an unknown key is an error there. */
export function faultsOf(t: Test, manifests: Manifest[]): string[] {
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
export function proxyOf(manifests: Manifest[]) {
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

export const readme = readFileSync(`${folder}/README.md`, 'utf8')

/** The kustomizations of your own that it shows. */
export const blocks = [...readme.matchAll(/```yaml\n([^`]*)```/g)].map(([, text = '']) => text)

/** Renders one of them beside a clone of the repository. */
export function renderBlock(t: Test, block: string): Manifest[] {
  const directory = t.testdir({ yours: { 'kustomization.yaml': block } })
  cpSync(folder, `${directory}/liveengage-proxy/deploy/kubernetes`, { recursive: true })
  cpSync(`${folder}/sidecar/app.yaml`, `${directory}/yours/app.yaml`)
  return render(`${directory}/yours`)
}
