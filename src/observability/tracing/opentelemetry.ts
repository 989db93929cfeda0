/** Tracing with OpenTelemetry's SDK. It is loaded only if tracing is on. */
import { setTimeout } from 'node:timers/promises'
import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type Span,
  type TextMapPropagator,
  type Tracer,
  trace as traceApi,
} from '@opentelemetry/api'
import { CompositePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Logger } from 'pino'
import type { RequestTrace, Tracing } from '../../http/request-spans.ts'
import type { EgressOptions } from '../../transport/egress.ts'
import type { CallSpan, Trace, TracedCall } from '../../transport/trace.ts'
import { createCollectorAgent } from './collector-agent.ts'
import { WatchedExporter } from './exporter.ts'
import { Clock, markFailed, startClientSpan, startServerSpan } from './spans.ts'

export type TracingOptions = {
  protocol: 'http/protobuf' | 'http/json'
  /** Whether `traceparent` is read from callers and sent to LiveEngage. */
  propagates: boolean
}

/** The SDK reads endpoint, headers, sampler, limits and resource from `OTEL_*` by itself. */
export function createTracing(
  { protocol, propagates }: TracingOptions,
  egress: EgressOptions,
  version: string,
  logger: Logger,
): Tracing {
  const isProxied = egress.httpsProxy !== undefined || egress.httpProxy !== undefined
  const options = isProxied
    ? { httpAgentOptions: (scheme: string) => createCollectorAgent(scheme, egress) }
    : {}
  const exporter =
    protocol === 'http/json' ? new JsonExporter(options) : new ProtobufExporter(options)
  const own = { 'service.name': 'liveengage-proxy', 'service.version': version }
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes(own))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new WatchedExporter(exporter, logger))],
  })
  const tracer = provider.getTracer('liveengage-proxy', version)
  const propagators = propagates ? [new W3CTraceContextPropagator()] : []
  const propagator = new CompositePropagator({ propagators })
  return {
    background: {
      startCall: (call) => new Calls(tracer, propagator, ROOT_CONTEXT, new Clock()).startCall(call),
    },
    startRequest(request) {
      const parent = propagator.extract(ROOT_CONTEXT, request.headers, defaultTextMapGetter)
      const clock = new Clock()
      const span = startServerSpan(tracer, request, parent, clock)
      return new RequestCalls(tracer, propagator, traceApi.setSpan(parent, span), clock, span)
    },
    async stop(withinMs) {
      const isDone = provider.shutdown().then(
        () => true,
        () => true,
      )
      const isLate = setTimeout(withinMs, false, { ref: false })
      if (!(await Promise.race([isDone, isLate]))) {
        logger.warn('the last spans could not be exported in time')
      }
    },
  }
}

class Calls implements Trace {
  private readonly tracer: Tracer
  private readonly propagator: TextMapPropagator
  private readonly context: Context
  protected readonly clock: Clock

  constructor(tracer: Tracer, propagator: TextMapPropagator, context: Context, clock: Clock) {
    this.tracer = tracer
    this.propagator = propagator
    this.context = context
    this.clock = clock
  }

  startCall(call: TracedCall): CallSpan {
    const span = startClientSpan(this.tracer, call, this.context, this.clock)
    const headers = {}
    this.propagator.inject(traceApi.setSpan(this.context, span), headers, defaultTextMapSetter)
    return {
      headers,
      end: (status, problem) => {
        span.setAttributes({
          'http.response.status_code': status,
          'liveengage_proxy.delivery': problem?.delivery,
        })
        const isRefusal = status !== undefined && status >= 400
        if (problem !== undefined) markFailed(span, problem.code)
        else if (isRefusal) markFailed(span, String(status))
        span.end(this.clock.now())
      },
    }
  }
}

class RequestCalls extends Calls implements RequestTrace {
  readonly id: string
  private readonly span: Span

  constructor(
    tracer: Tracer,
    propagator: TextMapPropagator,
    context: Context,
    clock: Clock,
    span: Span,
  ) {
    super(tracer, propagator, context, clock)
    this.span = span
    this.id = span.spanContext().traceId
  }

  end({ status, problem, isReplayed }: Parameters<RequestTrace['end']>[0]): void {
    this.span.setAttributes({
      'http.response.status_code': status,
      'liveengage_proxy.problem.code': problem?.code,
      'liveengage_proxy.delivery': problem?.delivery,
      'liveengage_proxy.replayed': isReplayed || undefined,
    })
    // A 4xx is the caller's mistake, not a failure of this server.
    if (status >= 500) markFailed(this.span, problem?.code ?? String(status))
    this.span.end(this.clock.now())
  }
}
