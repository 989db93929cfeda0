/** Checks the environment and the files that it names, as a start does. */
import { type Config, loadConfig } from '../config/config.ts'
import { Environment } from '../config/environment.ts'
import { Secrets } from '../config/secrets.ts'
import { configuredUrl, summaryOf, warningsOf } from '../config/summary.ts'
import { unknownVariables } from '../config/unknown-variables.ts'
import { readTracingOptions } from '../observability/tracing/start-tracing.ts'
import type { Outcome } from './check.ts'

type Variables = Readonly<Record<string, string | undefined>>

export type Configuration = {
  config: Config
  secrets: Secrets
  /** Names of the variables that are set. */
  set: readonly string[]
  /** Names of unknown variables that look like the proxy's. */
  unknown: readonly string[]
  /** What may surprise, each with what to do about it. */
  warnings: readonly string[]
}

/** Reads everything once. @throws Error that names every fault as a start does, and shows no value */
export function checkConfiguration(env: Variables): Configuration {
  const config = loadConfig(env)
  const warnings: string[] = []
  const secrets = new Secrets(config, ({ file, sentence }) => warnings.push(`${file}: ${sentence}`))
  secrets.close()
  warnings.push(...warningsOf(config, secrets), ...egressWarnings(env))
  readTracingOptions(env)
  const set = Object.keys(Environment.properties).filter((name) => env[name])
  return { config, secrets, set, unknown: unknownVariables(env), warnings }
}

/** The configuration in several lines: what a start logs, and more. It shows no value that could be a secret. */
export function summarize({ config, secrets, set, unknown, warnings }: Configuration): string {
  const url = configuredUrl(config)
  const lines = [
    ['listens at', url],
    ...Object.entries(summaryOf(config, secrets, url)),
    ['set', listed(set)],
    ['unknown', listed(unknown)],
    ...warnings.map((warning) => ['warning', warning] as const),
  ] as const
  return `ok\n${lines.map(([name, value]) => `  ${name.padEnd(13)}${value}\n`).join('')}`
}

/** The configuration in one line, and one for each warning. */
export function outcomeOf({ config, secrets, set, unknown, warnings }: Configuration): Outcome {
  const { liveengage } = summaryOf(config, secrets, configuredUrl(config))
  const lines = [`valid; LiveEngage: ${liveengage}; set: ${listed(set)}`, ...warnings]
  if (unknown.length > 0) lines.push(`unknown: ${listed(unknown)}`)
  const detail = lines.join('\n')
  if (lines.length === 1) return { status: 'ok', detail }
  const remedy = 'Correct or remove unknown names.'
  return { status: 'warn', detail, ...(unknown.length > 0 && { remedy }) }
}

/** The outcome of an invalid configuration: what a start would print. */
export function refused(error: unknown, env: Variables): Outcome {
  const unknown = unknownVariables(env)
  const also = unknown.length > 0 ? `\n  unknown: ${listed(unknown)}` : ''
  return {
    status: 'fail',
    detail: `${String(error).replace(/^\w*Error: /, '')}${also}`,
    remedy: 'docs/configuration.md describes each variable.',
  }
}

/** Proxy variables that do not do what they seem to. */
function egressWarnings(env: Variables): string[] {
  const { HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy, ALL_PROXY, all_proxy } = env
  const warnings: string[] = []
  if (ALL_PROXY || all_proxy) warnings.push('ALL_PROXY is ignored: set HTTPS_PROXY')
  if ((HTTP_PROXY || http_proxy) && !HTTPS_PROXY && !https_proxy) {
    warnings.push('HTTP_PROXY is for http hosts: calls to LivePerson go directly. Set HTTPS_PROXY')
  }
  if (https_proxy && HTTPS_PROXY && https_proxy !== HTTPS_PROXY) {
    warnings.push('https_proxy and HTTPS_PROXY differ: https_proxy is used')
  }
  return warnings
}

function listed(names: readonly string[]): string {
  return names.join(', ') || 'none'
}
