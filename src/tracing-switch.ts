/** Whether the process is to be traced: `OTEL_*` says so, and only then is the SDK loaded. */
import type { Logger } from 'pino'
import type { Tracing } from './tracing.ts'
import type { TracingOptions } from './tracing-otel.ts'
import { readVersion } from './version.ts'

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
 * Starts tracing if the environment asks for it. The SDK reads the rest of its variables by itself.
 * @throws Error naming every variable that it could not follow, without its value, or that the SDK is not installed
 */
export async function startTracing(env: Env, logger: Logger): Promise<Tracing | undefined> {
  const options = readTracingOptions(env)
  if (options === undefined) return undefined
  if (isTracedAlready()) {
    logger.warn('OpenTelemetry is loaded already: what the proxy would trace is left to it')
    return undefined
  }
  const { createTracing } = await import('./tracing-otel.ts').catch((cause: unknown) => {
    const words =
      'OTEL_* turns tracing on, and its packages could not be loaded; npm counts them as optional: were they left out?'
    throw new Error(words, { cause })
  })
  logger.info({ protocol: options.protocol }, 'tracing is on')
  return createTracing(options, readVersion(), logger)
}

/** @returns undefined where tracing is off */
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
  if (faults.length > 0) throw new Error(`tracing cannot be started:\n  ${faults.join('\n  ')}`)
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

/** By instrumentation that was loaded before, as Kubernetes operators do: a second one would double spans and headers. */
function isTracedAlready(): boolean {
  // Where @opentelemetry/api keeps what is registered.
  const registered: unknown = Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1'))
  return Object(registered).trace !== undefined
}
