/** What a span says, by OpenTelemetry's conventions for HTTP: what was done and how it ended, never for whom or what was said. */
import { type Context, type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import type { TracedCall, TracedRequest } from './tracing.ts'

/** One for all spans of a request. The SDK's own begins each with whole milliseconds, so that a call could seem to outlast its request. */
export class Clock {
  private readonly epoch = Date.now() - performance.now()

  now(): number {
    return this.epoch + performance.now()
  }
}

/** No exception and no words: either could hold what a caller sent. */
export function markFailed(span: Span, type: string): void {
  span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR })
}

/** `url.path` and `url.query`, which the conventions want, would name the conversation. */
export function startServerSpan(
  tracer: Tracer,
  request: TracedRequest,
  parent: Context,
  clock: Clock,
): Span {
  const { id, method, route, localAddress, localPort, httpVersion } = request
  const attributes = {
    'http.request.method': method,
    'http.route': route,
    'url.scheme': 'http',
    'server.address': localAddress,
    'server.port': localPort,
    'network.protocol.version': httpVersion,
    'liveengage_proxy.request.id': id,
  }
  const options = { kind: SpanKind.SERVER, attributes, startTime: clock.now() }
  return tracer.startSpan(`${method} ${route}`, options, parent)
}

export function startClientSpan(
  tracer: Tracer,
  call: TracedCall,
  parent: Context,
  clock: Clock,
): Span {
  const { service, origin, method } = call
  const { protocol, hostname, port } = new URL(origin)
  const template = templateOf(call)
  const attributes = {
    'http.request.method': method,
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
    'url.scheme': protocol.slice(0, -1),
    'url.full': `${origin}${template.replace(/\{\w+\}/, 'REDACTED')}`,
    'url.template': template,
    'liveengage_proxy.service': service,
  }
  const options = { kind: SpanKind.CLIENT, attributes, startTime: clock.now() }
  return tracer.startSpan(`${method} ${template}`, options, parent)
}

/** The path without whom it is for. That of a file is the file's name, and the query of it the permission to read it. */
function templateOf({ service, path }: TracedCall): string {
  if (service === 'storage') return '/{relativePath}'
  return path.replace(/\?.*$/s, '').replace(/\/account\/[^/]+/, '/account/{accountId}')
}
