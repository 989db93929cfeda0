/**
 * Refuses requests from web pages: on a loopback address no key may be needed, and a browser on the same machine can reach it. A page
 * that points its own name at 127.0.0.1 (DNS rebinding) sends that name as Host. Every other page sends its Origin.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from '../problems/problem.ts'
import { isLoopback } from '../transport/loopback.ts'

/** A name or address, and a port. No user, scheme or blanks, which other hops may read differently. */
const hostPattern = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/

/** Any page may link to these: they answer everyone alike, and do nothing. */
const openToPages = /^\/(?:$|docs(?:\/|$)|problems(?:\/|$)|openapi\.|livez$|readyz$)/

/** @throws Problem `invalid-request`, or `host-not-allowed` if the listener is on a loopback address */
export function checkHost(
  host: string | undefined,
  { server }: FastifyInstance,
  allowedHostnames: ReadonlySet<string>,
): void {
  // Only HTTP/1.0 may leave it out, and no browser does.
  if (host === undefined) return
  const name = hostPattern.exec(host)?.[1]?.toLowerCase().replace(/\.$/, '')
  if (name === undefined) {
    const message = 'must be a name or an address, with or without a port'
    const errors = [{ path: 'header:Host', message }]
    throw new Problem('invalid-request', { detail: `Host ${message}.`, errors })
  }
  const bound = server.address()
  const isOnLoopback = bound !== null && typeof bound === 'object' && isLoopback(bound.address)
  if (isOnLoopback && !isLoopback(name) && !allowedHostnames.has(name)) {
    throw new Problem('host-not-allowed')
  }
}

/** @param publicUrl counts as the listener's own, too @throws Problem `origin-not-allowed` */
export function checkOrigin(
  { headers, routeOptions }: FastifyRequest,
  publicUrl: string | undefined,
): void {
  const { host, origin } = headers
  const isOwn =
    origin === undefined ||
    origin === `http://${host}` ||
    origin === `https://${host}` ||
    (publicUrl !== undefined && origin === new URL(publicUrl).origin)
  if (isOwn && headers['sec-fetch-site'] !== 'cross-site') return
  if (routeOptions.url !== undefined && openToPages.test(routeOptions.url)) return
  throw new Problem('origin-not-allowed')
}
