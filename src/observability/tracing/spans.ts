/** The attributes of a span, by OpenTelemetry's HTTP conventions: what was done and how it ended, never for whom or with what content. */
import { type Context, type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import type { TracedRequest } from '../../http/request-spans.ts'
import type { TracedCall } from '../../transport/trace.ts'

/** One clock for all spans of a request. The SDK's own clock starts each span at a whole millisecond, so a call could seem to outlast its request. */
export class Clock {
  private readonly epoch = Date.now() - performance.now()

  now(): number {
    return this.epoch + performance.now()
  }
}

/** Records no exception and no message: either could contain what a caller sent. */
export function markFailed(span: Span, type: string): void {
  span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR })
}

/** Leaves out `url.path` and `url.query`, which the conventions require: they would name the conversation. */
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

/** The path without the account. The path of a file is its name, and its query is the permission to read it. */
function templateOf({ service, path }: TracedCall): string {
  if (service === 'storage') return '/{relativePath}'
  return path.replace(/\?.*$/s, '').replace(/\/account\/[^/]+/, '/account/{accountId}')
}
