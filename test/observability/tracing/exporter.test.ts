import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import { pino } from 'pino'
import { test } from 'tap'
import { WatchedExporter } from '../../../src/observability/tracing/exporter.ts'

const ok = { code: ExportResultCode.SUCCESS }
const failed = (error?: Error) => ({
  code: ExportResultCode.FAILED,
  ...(error === undefined ? {} : { error }),
})

test('an outage of the collector is logged once, with its code alone, and so is its end', async (t) => {
  const logged: unknown[] = []
  const results = [
    ok,
    failed(Object.assign(new Error('the collector’s words'), { code: 503 })),
    failed(),
    ok,
    ok,
    failed(),
    ok,
    failed(new Error('the collector’s words')),
  ]
  const told: ExportResult[] = []
  const exporter = new WatchedExporter(
    {
      export: (_spans, done) => results.slice(told.length, told.length + 1).forEach(done),
      shutdown: async () => {},
    },
    pino({ base: null, timestamp: false }, { write: (line) => logged.push(JSON.parse(line)) }),
  )
  for (const _ of results) exporter.export([], (result) => told.push(result))
  t.strictSame(told, results)
  const down = { level: 40, msg: 'spans cannot be exported' }
  const again = { level: 30, msg: 'spans are exported again' }
  t.strictSame(logged, [{ ...down, code: 503 }, again, down, again, down])
})
