/** Logs an outage of the collector once. Requests do not notice it. */
import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base'
import type { Logger } from 'pino'

export class WatchedExporter implements SpanExporter {
  private readonly exporter: SpanExporter
  private readonly logger: Logger
  private isDown = false

  constructor(exporter: SpanExporter, logger: Logger) {
    this.exporter = exporter
    this.logger = logger
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.exporter.export(spans, (result) => {
      this.report(result)
      done(result)
    })
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown()
  }

  private report({ code, error }: ExportResult): void {
    const isDown = code !== ExportResultCode.SUCCESS
    if (isDown === this.isDown) return
    this.isDown = isDown
    // Only the error's code, which is an HTTP status or a code of the socket. The message is the collector's.
    if (isDown) this.logger.warn({ code: codeOf(error) }, 'spans cannot be exported')
    else this.logger.info('spans are exported again')
  }
}

function codeOf(error: Error | undefined): unknown {
  return error !== undefined && 'code' in error ? error.code : undefined
}
