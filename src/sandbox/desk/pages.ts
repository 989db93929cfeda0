import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { renderReference } from './reference.ts'

/** Beside the bundle, where the build puts the desk; and from the sources, in the build of this checkout. */
const folders = ['./desk/', '../desk/', '../../../dist/desk/']

const assets = [
  { url: '/desk/desk.js', file: 'desk.js', type: 'text/javascript; charset=utf-8' },
  { url: '/desk/desk.css', file: 'desk.css', type: 'text/css; charset=utf-8' },
]

/** Nothing inline, nothing from other hosts, and in no frame. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const config = { isSandboxPage: true }

/** The desk, the reference of the agent's API, and links for those who do not read HTML. */
export function registerPages(
  app: FastifyInstance,
  options: { name: string; endpoints: readonly string[]; openApi: () => unknown },
  folder = builtFolder(),
): void {
  app.get('/', { config }, async (request, reply) => {
    const wantsHtml = String(request.headers.accept).includes('text/html')
    if (!wantsHtml) {
      const { name, endpoints } = options
      return {
        name,
        description: 'Answers as the documentation of the Connector API says; not LivePerson.',
        links: { desk: '/', api: '/sandbox/docs', openapi: '/sandbox/openapi.json' },
        endpoints,
      }
    }
    return html(reply, folder === '' ? notBuilt : readFileSync(`${folder}index.html`, 'utf8'))
  })
  app.get('/sandbox/docs', { config }, async (_request, reply) =>
    html(reply, renderReference(options.openApi())),
  )
  if (folder === '') return
  for (const { url, file, type } of assets) {
    app.get(url, { config }, (_request, reply) =>
      secured(reply)
        .type(type)
        .send(readFileSync(`${folder}${file}`)),
    )
  }
}

function html(reply: FastifyReply, text: string): FastifyReply {
  return secured(reply).type('text/html; charset=utf-8').send(text)
}

function secured(reply: FastifyReply): FastifyReply {
  return reply.headers({
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache',
  })
}

/** Empty if there is no build. */
export function builtFolder(candidates: readonly string[] = folders): string {
  const found = candidates
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(`${path}desk.js`))
  return found ?? ''
}

const notBuilt = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>The desk</title></head>
<body><h1>The desk is not built</h1><p>Run <code>npm run build</code>, then load this page again.</p></body></html>
`
