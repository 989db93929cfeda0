/** Whether the environment and the files it names are as the start wants them. */
import { type Config, Environment, loadConfig } from '../config.ts'
import { Secrets } from '../secrets.ts'
import { readTracingOptions } from '../tracing-switch.ts'
import { unknownVariables } from '../unknown-variables.ts'
import type { Outcome } from './check.ts'

type Variables = Readonly<Record<string, string | undefined>>

export type Configuration = {
  config: Config
  secrets: Secrets
  /** Names of the variables that are set. */
  set: readonly string[]
  /** Names of variables that look like ours. */
  unknown: readonly string[]
}

/** Reads everything once. @throws Error that names every fault, as the start does, and shows no value */
export function checkConfiguration(env: Variables): Configuration {
  const config = loadConfig(env)
  const secrets = new Secrets(config, () => undefined)
  secrets.close()
  readTracingOptions(env)
  const set = Object.keys(Environment.properties).filter((name) => env[name])
  return { config, secrets, set, unknown: unknownVariables(env) }
}

/** What is set, in several lines; only values that are known to be no secret. */
export function summarize({ config, secrets, set, unknown }: Configuration): string {
  const { host, port, accountId = 'none by default', sandboxPort } = config
  const isSandboxed = sandboxPort !== undefined
  const credentials = secrets.hasCredentials ? 'of the proxy’s own' : 'none, callers bring tokens'
  const lines = [
    ['listens at', `${host}:${port}`],
    ['LiveEngage', describeLiveEngage(config)],
    ['account', isSandboxed ? 'the sandbox’s' : accountId],
    ['credentials', isSandboxed ? 'the sandbox’s' : credentials],
    ['API keys', secrets.acceptsKey(undefined) ? 'none' : 'needed'],
    ['set', listed(set)],
    ['not known', listed(unknown)],
  ] as const
  return `ok\n${lines.map(([name, value]) => `  ${name.padEnd(13)}${value}\n`).join('')}`
}

/** The same in one line. */
export function outcomeOf({ config, set, unknown }: Configuration): Outcome {
  const detail = `valid; LiveEngage: ${describeLiveEngage(config)}; set: ${listed(set)}`
  if (unknown.length === 0) return { status: 'ok', detail }
  return {
    status: 'warn',
    detail: `${detail}; not known: ${listed(unknown)}`,
    remedy: 'Correct these names, or take them out if they are meant for something else.',
  }
}

/** What the start would say. */
export function refused(error: unknown, env: Variables): Outcome {
  const unknown = unknownVariables(env)
  const also = unknown.length > 0 ? `\n  not known: ${listed(unknown)}` : ''
  return {
    status: 'fail',
    detail: `${String(error).replace(/^\w*Error: /, '')}${also}`,
    remedy: 'README.md, "Environment", says what each variable may be.',
  }
}

function describeLiveEngage({ sandboxPort, domainApiUrl, allowedHosts }: Config): string {
  return sandboxPort === undefined
    ? `${domainApiUrl} and ${allowedHosts.join(', ')}`
    : 'the embedded sandbox'
}

function listed(names: readonly string[]): string {
  return names.join(', ') || 'nothing'
}
