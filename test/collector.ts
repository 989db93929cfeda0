/** An OTLP receiver, as a collector is one, and a proxy that is traced into it. */
import { createServer } from 'node:http'
import type { Test } from 'tap'
import { loadConfig } from '../src/config/config.ts'
import type { Tracing } from '../src/http/request-spans.ts'
import { createLogger } from '../src/observability/logger.ts'
import { startTracing } from '../src/observability/tracing/start-tracing.ts'
import { type StartedProxy, startProxy } from './start.ts'
import { portOf } from './upstream.ts'

export type ExportedSpan = {
  name: string
  kind: 'server' | 'client'
  traceId: string
  spanId: string
  parentSpanId: string | undefined
  traceState: string | undefined
  /** `undefined`: not set. */
  status: 'error' | undefined
  attributes: Record<string, unknown>
  startedAt: bigint
  endedAt: bigint
  /** All that it holds beside. */
  rest: { events: unknown[]; links: unknown[]; message: unknown }
}

export type Collector = {
  origin: string
  exports: { path: string; headers: Record<string, unknown>; body: Buffer }[]
  /** Each byte that came, as text. */
  text(): string
  /** What came as JSON. */
  spans(): ExportedSpan[]
  resource(): Record<string, unknown>
  /** Changes what it answers from now on; 0 for never. */
  script: { status: number }
}

// biome-ignore lint/suspicious/noExplicitAny: OTLP's JSON, as it came
type Json = any

const attributesOf = (list: Json): Record<string, unknown> =>
  Object.fromEntries(list.map(({ key, value }: Json) => [key, Object.values(value)[0]]))

function toSpan(span: Json): ExportedSpan {
  return {
    name: span.name,
    kind: span.kind === 2 ? 'server' : 'client',
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    traceState: span.traceState,
    status: span.status.code === 2 ? 'error' : undefined,
    attributes: attributesOf(span.attributes),
    startedAt: BigInt(span.startTimeUnixNano),
    endedAt: BigInt(span.endTimeUnixNano),
    rest: { events: span.events, links: span.links, message: span.status.message },
  }
}

export async function startCollector(t: Test): Promise<Collector> {
  const exports: Collector['exports'] = []
  const script = { status: 200 }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { url: path = '', headers } = request
      exports.push({ path, headers, body: Buffer.concat(chunks) })
      if (script.status !== 0) response.writeHead(script.status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const resources = () =>
    exports.flatMap(({ body }): Json[] => JSON.parse(body.toString()).resourceSpans)
  return {
    origin: `http://127.0.0.1:${portOf(server)}`,
    exports,
    text: () => Buffer.concat(exports.map(({ body }) => body)).toString('latin1'),
    spans: () =>
      resources()
        .flatMap(({ scopeSpans }) => scopeSpans)
        .flatMap(({ spans }) => spans.map(toSpan)),
    resource: () => attributesOf(resources()[0]?.resource.attributes),
    script,
  }
}

/** Tracing as these variables have it. @param log gets its lines */
export async function trace(
  t: Test,
  variables: Record<string, string>,
  log: Record<string, unknown>[] = [],
): Promise<Tracing> {
  // The SDK reads the process's own environment.
  Object.assign(process.env, variables)
  const logger = createLogger('trace', {
    write: (line: string) => void log.push(JSON.parse(line)),
  })
  const tracing = await startTracing(process.env, loadConfig(process.env).egress, logger)
  for (const name of Object.keys(variables)) delete process.env[name]
  if (tracing === undefined) throw new Error('tracing is off')
  t.teardown(() => tracing.stop(1))
  return tracing
}

export type Traced = StartedProxy & {
  collector: Collector
  /** What tracing itself logged. */
  tracingLog: Record<string, unknown>[]
  tracing: Tracing
  /** Ends the proxy and gives all spans, in the order of their beginning. */
  finish(): Promise<ExportedSpan[]>
}

/** A proxy in front of this upstream, traced by JSON. */
export async function startTraced(
  t: Test,
  upstreamOrigin: string,
  env: Record<string, string> = {},
  variables: Record<string, string> = {},
): Promise<Traced> {
  const collector = await startCollector(t)
  const tracingLog: Record<string, unknown>[] = []
  const all = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    ...variables,
  }
  const tracing = await trace(t, all, tracingLog)
  const proxy = await startProxy(t, upstreamOrigin, env, tracing)
  return {
    ...proxy,
    collector,
    tracingLog,
    tracing,
    async finish() {
      proxy.server.server.closeAllConnections()
      await proxy.server.close()
      await tracing.stop(10_000)
      return collector.spans().sort((a, b) => Number(a.startedAt - b.startedAt))
    },
  }
}
