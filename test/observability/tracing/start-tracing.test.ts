import { test } from 'tap'
import { readTracingOptions } from '../../../src/observability/tracing/start-tracing.ts'
import { startCollector } from '../../collector.ts'
import { startProcess } from '../../process.ts'
import { openWire, post } from '../../wire.ts'

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }
const plain = { protocol: 'http/protobuf', propagates: true }

const on: [string, Record<string, string>, object?][] = [
  ['an endpoint', endpoint],
  ['an endpoint for traces', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://otlp.example/x' }],
  ['the exporter alone, for its default endpoint', { OTEL_TRACES_EXPORTER: 'otlp' }],
  ['OTEL_SDK_DISABLED that is not true', { ...endpoint, OTEL_SDK_DISABLED: 'yes' }],
  [
    'each protocol over HTTP',
    { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
    { ...plain, protocol: 'http/json' },
  ],
  [
    'the protocol of traces before that of all',
    {
      ...endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
    },
  ],
  [
    'a sampler',
    { ...endpoint, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '.5' },
  ],
  [
    'propagators, one of which is known',
    { ...endpoint, OTEL_PROPAGATORS: 'baggage, tracecontext' },
  ],
  ['others', { ...endpoint, OTEL_PROPAGATORS: 'b3' }, { ...plain, propagates: false }],
]

test('these variables turn tracing on', async (t) => {
  for (const [what, env, options = plain] of on)
    t.strictSame(readTracingOptions(env), options, what)
})

test('without them, or with one that says no, it is off', async (t) => {
  const off: Record<string, string>[] = [
    {},
    { OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'nonsense' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
    { ...endpoint, OTEL_SDK_DISABLED: 'True' },
    { ...endpoint, OTEL_TRACES_EXPORTER: 'none' },
    { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://localhost:4318' },
  ]
  for (const env of off) t.equal(readTracingOptions(env), undefined, JSON.stringify(env))
})

test('what cannot be followed is named at once, without its value', async (t) => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'hunter2:4318',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://hunter2:hunter2',
    OTEL_TRACES_EXPORTER: 'hunter2',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'hunter2',
    OTEL_TRACES_SAMPLER: 'hunter2',
    OTEL_TRACES_SAMPLER_ARG: '2',
  }
  for (const args of [[], ['--check-config']]) {
    const { code, stderr } = await startProcess(t, env, undefined, args).exit
    t.equal(code, 1)
    t.match(stderr, /^liveengage-proxy: Tracing cannot be started:$/m)
    for (const name of Object.keys(env)) t.match(stderr, new RegExp(`^ {2}${name}: must be `, 'm'))
    t.notMatch(stderr, /hunter2/)
  }
})

/** Prints at the end how many modules of OpenTelemetry are loaded, but for its API, a few files that the metrics' client asks for. */
const counting = `data:text/javascript,${encodeURIComponent(`
import { createRequire } from 'node:module'
const { cache } = createRequire('/')
process.on('exit', () => {
  const loaded = Object.keys(cache).filter((name) => /@opentelemetry.(?!api.)/.test(name))
  console.log('OpenTelemetry: ' + loaded.length)
})`)}`

const sandboxed = {
  SANDBOX: 'true',
  SANDBOX_PORT: '0',
  // Its notifications would have spans of their own.
  SANDBOX_WEBHOOK_URL: 'http://127.0.0.1:9/',
}

test('nothing of OpenTelemetry is loaded where it is off', async (t) => {
  const run = startProcess(t, { ...sandboxed, OTEL_SDK_DISABLED: 'true', ...endpoint }, counting)
  const bytes = post('/conversations/c1/messages', '{"text":"Hi"}', 'Connection: close\r\n')
  const wire = await openWire(t, await run.url(), bytes)
  t.match(await wire.ended(), /^HTTP\/1.1 201 /)
  run.child.kill('SIGTERM')
  const { code, stdout } = await run.exit
  t.equal(code, 0)
  t.match(stdout, /^OpenTelemetry: 0$/m)
})

test('where it is on the last spans are exported before the process ends', async (t) => {
  const collector = await startCollector(t)
  const variables = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  }
  const run = startProcess(t, { ...sandboxed, ...variables }, counting)
  const wire = await openWire(
    t,
    await run.url(),
    post('/conversations/c1/messages', '{"text":"sandbox:slow=500"}'),
  )
  t.equal((await fetch(`${await run.url()}/livez`)).status, 200)
  run.child.kill('SIGTERM')
  t.match(await wire.ended(), /^HTTP\/1.1 201 /)
  const { code, stdout, stderr } = await run.exit
  t.equal(code, 0)
  t.equal(stderr.split('\n').length, 5, 'the four lines of the sandbox, and no other')
  t.match(stdout, /^OpenTelemetry: [1-9]/m)
  t.match(stdout, /"protocol":"http\/json","msg":"tracing is on"/)
  t.equal(collector.spans().length, 3)
})

test('a collector that does not answer ends nothing too late', async (t) => {
  const collector = await startCollector(t)
  collector.script.status = 0
  const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin, SHUTDOWN_TIMEOUT_MS: '3000' }
  const run = startProcess(t, { ...sandboxed, ...variables })
  const wire = await openWire(
    t,
    await run.url(),
    post('/conversations/c1/messages', '{"text":"Hi"}'),
  )
  await wire.until(/"sequence":0/)
  run.child.kill('SIGTERM')
  const { code, stdout } = await run.exit
  t.equal(code, 0)
  t.match(stdout, /"the last spans could not be exported in time".*"stopped"/s)
})

test('a start that is to trace without the packages says what is missing', async (t) => {
  const missing = `data:text/javascript,${encodeURIComponent(`
import { register } from 'node:module'
register('data:text/javascript,' + encodeURIComponent(\`
export function resolve(name, context, next) {
  if (name.startsWith('@opentelemetry/')) throw new Error('hunter2')
  return next(name, context)
}\`))`)}`
  const { code, stderr } = await startProcess(t, { ...sandboxed, ...endpoint }, missing).exit
  t.equal(code, 1)
  t.match(
    stderr,
    /^liveengage-proxy: OTEL_\* turns tracing on, but its packages could not be loaded/,
  )
})

test('where other instrumentation is loaded already the proxy leaves tracing to it', async (t) => {
  const other = `data:text/javascript,globalThis[Symbol.for('opentelemetry.js.api.1')]={trace:{}}`
  const run = startProcess(t, { ...sandboxed, ...endpoint }, other)
  await run.url()
  run.child.kill('SIGTERM')
  const { code, stdout } = await run.exit
  t.equal(code, 0)
  t.match(stdout, /"level":"warn".*"OpenTelemetry is already loaded/)
  t.notMatch(stdout, /tracing is on/)
})
