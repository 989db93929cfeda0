/** A tunnel through an egress proxy (CONNECT, RFC 9110): a socket that works like one to the target. */
import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import type { Socket } from 'node:net'
import { unescape as decode } from 'node:querystring'
import { portOf } from './egress.ts'

/** The proxy opened no tunnel, so nothing can have been written to the target. */
export class TunnelRefused extends Error {
  override readonly name = 'TunnelRefused'
  readonly code: string
  constructor(status: number) {
    super(`the egress proxy answered CONNECT with ${status}`)
    this.code = `EGRESS_PROXY_${status}`
  }
}

/**
 * @param proxy its user and password, if any, go to the proxy alone
 * @param authority of the target, `host:port`
 * @throws TunnelRefused, or the error of the connection to the proxy
 */
export function openTunnel(proxy: URL, authority: string, timeoutMs: number): Promise<Socket> {
  const ask = proxy.protocol === 'https:' ? requestTls : requestPlain
  return new Promise((resolve, reject) => {
    const request = ask({
      host: proxy.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: portOf(proxy),
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...authorization(proxy) },
      agent: false,
    })
    const timer = setTimeout(() => {
      const message = `the egress proxy did not answer within ${timeoutMs} ms`
      request.destroy(Object.assign(new Error(message), { code: 'ETIMEDOUT' }))
    }, timeoutMs)
    request.on('connect', ({ statusCode = 0 }, socket: Socket) => {
      clearTimeout(timer)
      // RFC 9110, section 9.3.6: any 2xx opens the tunnel.
      if (statusCode >= 200 && statusCode < 300) {
        socket.setNoDelay(true)
        resolve(socket)
        return
      }
      socket.destroy()
      reject(new TunnelRefused(statusCode))
    })
    request.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    request.end()
  })
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const pair = `${decode(username)}:${decode(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` }
}
