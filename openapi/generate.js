/** Writes the OpenAPI document of the built program beside this file, as JSON and as YAML. */
import { writeFile } from 'node:fs/promises'
import { pino } from 'pino'
import { buildApp } from '../dist/app.js'
import { loadConfig } from '../dist/config.js'

const { server } = await buildApp(loadConfig({ DOCS: 'spec' }), pino({ level: 'silent' }))
for (const name of ['openapi.json', 'openapi.yaml']) {
  const { statusCode, payload } = await server.inject(`/${name}`)
  if (statusCode !== 200) throw new Error(`/${name} answered ${statusCode}`)
  await writeFile(new URL(name, import.meta.url), payload)
}
await server.close()
