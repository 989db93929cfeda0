/** The collector that docs/tracing.md starts: its configuration fits the command, and the proxy's exporter. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { readPage } from '../docs/page.ts'

t.test('the collector listens where its command publishes it and the proxy sends', async (t) => {
  const page = readPage('docs/tracing.md')
  const [, published, inside, file = ''] =
    /-p 127\.0\.0\.1:(\d+):(\d+) -v "\$PWD\/([^:]+):/.exec(page) ?? []
  const { receivers, exporters, service } = parse(
    readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'),
  )
  t.equal(receivers.otlp.protocols.http.endpoint, `0.0.0.0:${inside}`)
  t.match(page, `OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:${published} npm run sandbox`)
  t.strictSame(service.pipelines, {
    traces: { receivers: Object.keys(receivers), exporters: Object.keys(exporters) },
  })
})
