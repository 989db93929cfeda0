/** HTML pages for browsers: no script, nothing from other hosts, and the same text as the JSON. */
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'

const style = `
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: anywhere }
h1 { font-size: 1.5rem; line-height: 1.25 }
h2 { font-size: 1.1rem; margin: 2rem 0 0 }
p { margin: .5rem 0 }
dl { margin: .5rem 0 }
dt { font-weight: 600; margin-top: .75rem }
dd { margin: 0 }
li { margin: .25rem 0 }
code { font-family: ui-monospace, monospace; font-size: .95em }
`

const hash = createHash('sha256').update(style).digest('base64')

const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** @param title as text @param body as HTML @returns bytes, so that they are encoded only once */
export function renderPage(title: string, body: string): Buffer {
  return Buffer.from(
    `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
${body}
</html>
`,
  )
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** Sends the page to a browser and the JSON to other clients. */
export function sendPageOrJson(
  request: FastifyRequest,
  reply: FastifyReply,
  page: Buffer,
  json: Buffer,
): FastifyReply {
  reply.header('vary', 'Accept')
  if (!prefersHtml(request.headers.accept))
    return reply.type('application/json; charset=utf-8').send(json)
  return reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(page)
}

/** A browser accepts HTML first. Other clients count as programs. */
function prefersHtml(accept = ''): boolean {
  return weightOf(accept, 'text/html') > weightOf(accept, 'application/json')
}

function weightOf(accept: string, type: string): number {
  for (const range of accept.toLowerCase().split(',')) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim())
    if (name !== type) continue
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    return weight === undefined ? 1 : Number(weight.slice(2))
  }
  return 0
}
