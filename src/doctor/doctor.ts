/** Examines the proxy before it serves: the parts that would serve, one check after the other, and no message sent. */
import { buildApp } from '../app.ts'
import type { DoctorOptions } from '../command-line.ts'
import type { Config } from '../config.ts'
import { createLogger } from '../logger.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { pointedAt } from '../sandboxed.ts'
import { explainProblem } from './advice.ts'
import type { Check, Finding, Outcome, Patient } from './check.ts'
import { checkClock } from './clock.ts'
import { type Configuration, checkConfiguration, outcomeOf, refused } from './configuration.ts'
import { checkDryRun } from './dry-run.ts'
import { connect, resolve } from './reach.ts'
import { toJson, toText } from './report.ts'
import { checkAppJwt, checkConsumerJws } from './tokens.ts'
import { checkService } from './whereabouts.ts'

type Variables = Readonly<Record<string, string | undefined>>

const checks: readonly Check[] = [
  {
    name: 'domain-api-dns',
    examine: ({ config }) => resolve(config.domainApiUrl, config.connectTimeoutMs),
  },
  {
    name: 'domain-api-tls',
    after: 'domain-api-dns',
    examine: ({ config }) => connect(config.domainApiUrl, config.connectTimeoutMs),
  },
  checkService('asyncMessagingEnt'),
  checkService('sentinel'),
  checkService('idp'),
  checkService('swift'),
  checkClock,
  checkAppJwt,
  checkConsumerJws,
  checkDryRun,
]

/** Prints what it finds. @returns the exit code: 1 where a check failed */
export async function runDoctor(
  env: Variables,
  options: DoctorOptions,
  print: (text: string) => void,
): Promise<0 | 1> {
  const findings: Finding[] = []
  for await (const finding of diagnose(env, options)) {
    findings.push(finding)
    if (!options.isJson) print(toText(finding))
  }
  if (options.isJson) print(toJson(findings))
  return findings.some(({ status }) => status === 'fail') ? 1 : 0
}

/** Each finding as soon as it is there. */
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
  // Nobody but the doctor can ask this one, so it needs no key.
  const closed = { ...config, apiKeys: undefined, apiKeysFile: undefined, docs: 'off' } as const
  const app = await buildApp(closed, createLogger('silent'))
  const { consumerId, accountId = config.accountId } = options
  const hasCredentials = accountId !== undefined && app.hasCredentials(accountId)
  const patient: Patient = { config, app, accountId, hasCredentials, consumerId }
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
  return { status: 'skip', detail: `not without ${name}` }
}
