/** The page at `/`: links to everything else. */
import type { FastifyInstance } from 'fastify'
import { renderPage, sendPageOrJson } from './page.ts'

export type StartPageOptions = {
  version: string
  docs: 'on' | 'spec' | 'off'
  /** The probes are on this listener. */
  hasHealth: boolean
  /** The agent's page, if there is a sandbox. */
  deskUrl: string | undefined
}

export function mountStartPage(app: FastifyInstance, options: StartPageOptions): void {
  const { version, docs, hasHealth, deskUrl } = options
  // Relative, and so right behind a path prefix.
  const links: [name: string, url: string, text: string][] = []
  if (docs === 'on') links.push(['docs', 'docs/', 'The API, to read and to try'])
  if (docs !== 'off') links.push(['openapi', 'openapi.json', 'The OpenAPI document'])
  links.push(['problems', 'problems', 'Problems, with cause and remedy'])
  if (hasHealth) {
    links.push(['liveness', 'livez', 'Whether the process lives'])
    links.push(['readiness', 'readyz', 'Whether it accepts requests'])
  }
  if (deskUrl !== undefined) links.push(['desk', deskUrl, 'The sandbox’s desk: play the agent'])
  const items = links.map(([, url, text]) => `<li><a href="${url}">${text}</a>`)
  const body = `<h1>liveengage-proxy ${version}</h1>
<p>A small, typed REST API in front of LivePerson’s Connector API.
<ul>
${items.join('\n')}
</ul>`
  const page = renderPage('liveengage-proxy', body)
  const byName = Object.fromEntries(links.map(([name, url]) => [name, url]))
  const json = Buffer.from(JSON.stringify({ name: 'liveengage-proxy', version, links: byName }))
  app.get('/', { schema: { hide: true } }, (request, reply) =>
    sendPageOrJson(request, reply, page, json),
  )
}
