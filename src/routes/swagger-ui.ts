/** Swagger UI. Its files are read once, on first use, and served from memory: a stream for each reader would hold a file descriptor. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { exampleAccountId } from '../openapi/examples.ts'

/** From the package. */
const packaged = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-16x16.png': 'image/png',
  'favicon-32x32.png': 'image/png',
}

/** From `docs/` beside this file, or beside the bundle. */
const own = {
  'docs.css': 'text/css; charset=utf-8',
  'docs.js': 'text/javascript; charset=utf-8',
}

// All paths are relative, so that the page works behind a path prefix.
const page = Buffer.from(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>liveengage-proxy</title>
<link rel="stylesheet" href="static/swagger-ui.css">
<link rel="stylesheet" href="static/docs.css">
<link rel="icon" type="image/png" href="static/favicon-32x32.png" sizes="32x32">
<link rel="icon" type="image/png" href="static/favicon-16x16.png" sizes="16x16">
</head>
<body>
<div id="swagger-ui"></div>
<script src="static/swagger-ui-bundle.js"></script>
<script type="module" src="static/docs.js"></script>
</body>
</html>
`)

/** @param sandboxAccountId the account of an embedded sandbox, whose page is ready to try */
export function mountSwaggerUi(app: FastifyInstance, sandboxAccountId: string | undefined): void {
  const schema = { hide: true }
  // Without the slash the page would load its parts from the wrong level.
  app.get('/docs', { schema }, (_request, reply) => reply.redirect('docs/'))
  app.get('/docs/', { schema }, (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "frame-ancestors 'none'")
      .send(page),
  )
  // The document is one level deeper here than what it describes.
  let json: Buffer | undefined
  app.get('/docs/json', { schema }, (_request, reply) => {
    json ??= Buffer.from(documentOf(app.swagger(), sandboxAccountId))
    return reply.type('application/json').send(json)
  })
  const package_ = dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui'))
  serve(packaged, join(package_, 'static'))
  serve(own, join(import.meta.dirname, 'docs'))

  function serve(types: Record<string, string>, folder: string): void {
    for (const [name, type] of Object.entries(types)) {
      let file: Buffer | undefined
      app.get(`/docs/static/${name}`, { schema }, (_request, reply) => {
        file ??= readFileSync(join(folder, name))
        return reply.type(type).send(file)
      })
    }
  }
}

/** The document for the page, one level deeper than the API. On a sandbox its examples have the sandbox's account, and a consumer is preset. */
function documentOf(document: object, sandboxAccountId: string | undefined): string {
  const servers = [{ url: '..', description: 'This proxy' }]
  if (sandboxAccountId === undefined) return JSON.stringify({ ...document, servers })
  const sandbox = { consumerId: 'ada' }
  return JSON.stringify({ ...document, servers, 'x-sandbox': sandbox }).replace(
    new RegExp(`\\b${exampleAccountId}\\b`, 'g'),
    sandboxAccountId,
  )
}
