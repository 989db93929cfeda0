/** deploy/kubernetes/missing-sidecar, its CEL evaluated over Deployments as kustomize renders them: a forgotten sidecar is named. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { evaluate } from '@marcbachmann/cel-js'
import { type Test, test } from 'tap'
import { wants } from '../programs.ts'
import { faultsOf, folder, type Manifest, render } from './manifests.ts'

const options = wants('kubectl')
const label = /^ +liveengage-proxy\/sidecar: .*\n/m

/** The example of the sidecar, with its app changed. */
function deploymentOf(t: Test, change: (app: string) => string, withComponent = true): Manifest {
  const directory = `${t.testdir({})}/sidecar`
  cpSync(`${folder}/sidecar`, directory, { recursive: true })
  const app = `${directory}/app.yaml`
  writeFileSync(app, change(readFileSync(app, 'utf8')))
  const kustomization = `${directory}/kustomization.yaml`
  const text = readFileSync(kustomization, 'utf8')
  if (!withComponent) writeFileSync(kustomization, text.replace(/components:\n.*\n/, ''))
  return render(directory).find(({ kind }) => kind === 'Deployment')
}

/** As the API server does. @returns what it says, or undefined where the Deployment is taken */
function refusalOf(object: Manifest): unknown {
  const { matchConditions, validations } = policy().spec
  const matches = matchConditions.every(
    ({ expression }: Manifest) => evaluate(expression, { object }) === true,
  )
  const broken = validations.find(
    ({ expression }: Manifest) => evaluate(expression, { object }) !== true,
  )
  return matches && broken !== undefined
    ? evaluate(broken.messageExpression, { object })
    : undefined
}

const manifests = () => render(`${folder}/missing-sidecar`)
const policy = (): Manifest => manifests().find(({ kind }) => kind === 'ValidatingAdmissionPolicy')

test(
  'the policy and its binding are of Kubernetes’ types, and belong together',
  options,
  async (t) => {
    const [first, second] = manifests()
    const policy = first.kind === 'ValidatingAdmissionPolicy' ? first : second
    const binding = policy === first ? second : first
    t.equal(binding.spec.policyName, policy.metadata.name)
    const [rule, ...others] = policy.spec.matchConstraints.resourceRules
    t.strictSame([rule.apiGroups, rule.resources, others], [['apps'], ['deployments'], []])
    // Kubernetes has it, and the package of its types has forgotten it.
    delete rule.resources
    t.strictSame(faultsOf(t, [policy, binding]), [])
  },
)

test(
  'an app with the sidecar is taken, and one that has nothing to do with it',
  options,
  async (t) => {
    t.equal(refusalOf(deploymentOf(t, (app) => app)), undefined)
    const other = (app: string) =>
      app.replace(label, '').replace('http://127.0.0.1:3000', 'http://127.0.0.1:30001')
    t.equal(refusalOf(deploymentOf(t, other)), undefined)
    const bare = (app: string) => app.replace(label, '').replace(/ +env:\n(?: {12,}.*\n?)*/, '')
    const deployment = deploymentOf(t, bare)
    t.equal(deployment.spec.template.spec.containers[0].env, undefined)
    t.equal(refusalOf(deployment), undefined)
  },
)

test('an app without the sidecar is named', options, async (t) => {
  const named = /^Deployment app wants liveengage-proxy .*liveengage-proxy\/sidecar=true/
  const cases: [string, Manifest][] = [
    ['the label is missing', deploymentOf(t, (app) => app.replace(label, ''))],
    [
      'the label is at the pods',
      deploymentOf(t, (app) =>
        app
          .replace(label, '')
          .replace('http://127.0.0.1:3000', 'http://proxy')
          .replace(/^( {6}labels:\n)/m, '$1        liveengage-proxy/sidecar: "true"\n'),
      ),
    ],
    ['the component is missing', deploymentOf(t, (app) => app, false)],
  ]
  for (const [name, deployment] of cases) {
    t.equal(deployment.spec.template.spec.initContainers, undefined, name)
    t.match(refusalOf(deployment), named, name)
  }
})
