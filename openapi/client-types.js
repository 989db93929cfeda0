/**
 * Writes the types of the client from the OpenAPI document: the bodies and answers of its operations, the problem, and the events.
 *
 *   node openapi/client-types.js            writes src/client/schema.ts
 *   node openapi/client-types.js --print    prints it
 */
import { readFile, writeFile } from 'node:fs/promises'
import process from 'node:process'
import openapiTS, { astToString } from 'openapi-typescript'

const document = JSON.parse(await readFile(new URL('openapi.json', import.meta.url), 'utf8'))

/** Of no tag but these is an operation for apps. */
const tags = ['Conversation', 'Messages', 'Presence', 'Receipts', 'Closing', 'Consumer', 'Files']

const { Problem, Conversation, Event, FileEvent } = document.components.schemas
const schemas = { Problem, Conversation, Event, FileEvent }
for (const operation of Object.values(document.paths).flatMap(Object.values)) {
  const schema = operation.requestBody?.content['application/json']?.schema
  if (schema === undefined || !tags.includes(operation.tags[0])) continue
  const { operationId } = operation
  schemas[`${operationId[0].toUpperCase()}${operationId.slice(1)}Body`] = schema
}
for (const { post } of Object.values(document.webhooks)) {
  const name = post.requestBody.content['application/json'].schema.$ref.split('/').at(-1)
  schemas[name] = document.components.schemas[name]
}

const types = await openapiTS(
  { openapi: document.openapi, info: document.info, paths: {}, components: { schemas } },
  { rootTypes: true, rootTypesNoSchemaPrefix: true },
)
const text = `// Made from openapi/openapi.json by \`npm run openapi\`.\n${astToString(types)}`
if (process.argv.includes('--print')) process.stdout.write(text)
else await writeFile(new URL('../src/client/schema.ts', import.meta.url), text)
