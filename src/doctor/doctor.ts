/** Checks one by one whether the proxy could send messages, with the same parts that serve requests. It sends no message. */
import { buildApp } from '../app/app.ts'
import type { DoctorOptions } from '../cli/command-line.ts'
import type { Config } from '../config/config.ts'
import { pointedAt } from '../config/for-sandbox.ts'
import { createLogger } from '../observability/logger.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { explainProblem } from './advice.ts'
import type { Check, Finding, Outcome, Patient } from './check.ts'
import { checkClock } from './clock.ts'
import { type Configuration, checkConfiguration, outcomeOf, refused } from './configuration.ts'
import { checkDryRun } from './dry-run.ts'
import { connect, resolve } from './reach.ts'
import { toJson, toText } from './report.ts'
import { checkStateStore } from './state-store.ts'
import { checkAppJwt, checkConsumerJws } from './tokens.ts'
import { showManifest } from './webhook-manifest.ts'
import { checkWebhookUrl } from './webhook-url.ts'
import { checkService } from './whereabouts.ts'

type Variables = Readonly<Record<string, string | undefined>>

const checks: readonly Check[] = [
  {
    name: 'domain-api-dns',
    examine: ({ config }) => resolve(config.domainApiUrl, config),
  },
  {
    name: 'domain-api-tls',
    after: 'domain-api-dns',
    examine: ({ config }) => connect(config.domainApiUrl, config),
  },
  checkService('asyncMessagingEnt'),
  checkService('sentinel'),
  checkService('idp'),
  checkService('swift'),
  checkClock,
  checkAppJwt,
  checkConsumerJws,
  checkDryRun,
  showManifest,
  checkWebhookUrl,
  checkStateStore,
]

/** Runs all checks and prints the findings. @returns the exit code: 1 if a check failed */
export async function runDoctor(
  env: Variables,
  options: DoctorOptions,
  print: (text: string) => void,
): Promise<0 | 1> {
  const findings: Finding[] = []
  for await (const finding of diagnose(env, options)) {
    const isTold = findings.some(({ remedy }) => remedy !== undefined && remedy === finding.remedy)
    findings.push(finding)
    if (!options.isJson) print(toText(isTold ? { ...finding, remedy: 'As above.' } : finding))
  }
  if (options.isJson) print(toJson(findings))
  return findings.some(({ status }) => status === 'fail') ? 1 : 0
}

/** Yields each finding as soon as it is known. */
async function* diagnose(env: Variables, options: DoctorOptions): AsyncGenerator<Finding> {
  const name = 'configuration'
  let configuration: Configuration
  try {
    configuration = checkConfiguration(env)
  } catch (error) {
    yield { name, ...refused(error, env) }
    for (const check of checks) yield { name: check.name, ...skippedAfter(name) }
    return
  }
  yield { name, ...outcomeOf(configuration) }
  const { config } = configuration
  const sandbox = config.sandboxPort === undefined ? undefined : await startSandbox({ port: 0 })
  try {
    yield* examine(sandbox === undefined ? config : pointedAt(config, sandbox), options)
  } finally {
    await sandbox?.close()
  }
}

async function* examine(config: Config, options: DoctorOptions): AsyncGenerator<Finding> {
  // Only the doctor can call this app, so it needs no API key.
  const closed = { ...config, apiKeys: undefined, apiKeysFile: undefined, docs: 'off' } as const
  const app = await buildApp(closed, createLogger('silent'))
  const { consumerId, webhookUrl, accountId = config.accountId } = options
  const credentials = accountId === undefined ? undefined : app.secrets.credentials.get(accountId)
  const patient: Patient = { config, app, accountId, credentials, consumerId, webhookUrl }
  const unanswered = new Set<string>()
  try {
    for (const { name, after, examine } of checks) {
      const isPointless = after !== undefined && unanswered.has(after)
      const outcome = isPointless
        ? skippedAfter(after)
        : await examine(patient).catch(explainProblem)
      if (isPointless || outcome.status === 'fail') unanswered.add(name)
      yield { name, ...outcome }
    }
  } finally {
    await app.server.close()
  }
}

function skippedAfter(name: string): Outcome {
  return { status: 'skip', detail: `needs ${name}` }
}
