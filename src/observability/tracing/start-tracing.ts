/** Starts tracing if `OTEL_*` asks for it. Only then is the SDK loaded. */
import type { Logger } from 'pino'
import type { Tracing } from '../../http/request-spans.ts'
import type { EgressOptions } from '../../transport/egress.ts'
import { readVersion } from '../../version.ts'
import type { TracingOptions } from './opentelemetry.ts'

type Env = Readonly<Record<string, string | undefined>>

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
]

/**
 * Starts tracing if the environment asks for it. The SDK reads its other variables by itself.
 * @throws Error that names every invalid variable without its value, or says that the SDK is not installed
 */
export async function startTracing(
  env: Env,
  egress: EgressOptions,
  logger: Logger,
): Promise<Tracing | undefined> {
  const options = readTracingOptions(env)
  if (options === undefined) return undefined
  if (isTracedAlready()) {
    logger.warn('OpenTelemetry is already loaded: the proxy leaves tracing to it')
    return undefined
  }
  const { createTracing } = await import('./opentelemetry.ts').catch((cause: unknown) => {
    const words =
      'OTEL_* turns tracing on, but its packages could not be loaded. They are optional dependencies; check that npm installed them.'
    throw new Error(words, { cause })
  })
  logger.info({ protocol: options.protocol }, 'tracing is on')
  return createTracing(options, egress, readVersion(), logger)
}

/** @returns undefined if tracing is off */
export function readTracingOptions(env: Env): TracingOptions | undefined {
  const read = (name: string) => env[name]?.trim() || undefined
  const exporter = read('OTEL_TRACES_EXPORTER')
  const endpoints = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT']
  const isAskedFor = exporter !== undefined || endpoints.some((name) => read(name) !== undefined)
  const isDisabled = read('OTEL_SDK_DISABLED')?.toLowerCase() === 'true'
  if (!isAskedFor || isDisabled || exporter === 'none') return undefined

  const faults: string[] = []
  const check = (name: string, isGood: (value: string) => boolean, expectation: string) => {
    const value = read(name)
    if (value !== undefined && !isGood(value)) faults.push(`${name}: must be ${expectation}`)
    return value
  }
  check('OTEL_TRACES_EXPORTER', (value) => value === 'otlp', 'otlp or none')
  for (const name of endpoints) check(name, isHttpUrl, 'an http or https URL')
  const [ofTraces, ofAll] = [
    'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
    'OTEL_EXPORTER_OTLP_PROTOCOL',
  ].map((name) => check(name, isProtocol, 'http/protobuf or http/json'))
  const protocol = ofTraces ?? ofAll
  check('OTEL_TRACES_SAMPLER', (value) => samplers.includes(value), `one of ${samplers.join(', ')}`)
  check('OTEL_TRACES_SAMPLER_ARG', isShare, 'a number from 0 to 1')
  if (faults.length > 0) throw new Error(`Tracing cannot be started:\n  ${faults.join('\n  ')}`)
  const propagators = read('OTEL_PROPAGATORS') ?? 'tracecontext'
  return {
    protocol: protocol === 'http/json' ? protocol : 'http/protobuf',
    propagates: propagators.split(',').some((name) => name.trim() === 'tracecontext'),
  }
}

function isHttpUrl(value: string): boolean {
  return /^https?:/i.test(value) && URL.canParse(value)
}

function isProtocol(value: string): boolean {
  return value === 'http/protobuf' || value === 'http/json'
}

function isShare(value: string): boolean {
  return Number(value) >= 0 && Number(value) <= 1
}

/** Whether other instrumentation is loaded, for example by a Kubernetes operator. A second one would duplicate spans and headers. */
function isTracedAlready(): boolean {
  // The place where @opentelemetry/api keeps its registrations.
  const registered: unknown = Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1'))
  return typeof registered === 'object' && registered !== null && 'trace' in registered
}
