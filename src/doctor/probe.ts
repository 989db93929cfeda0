/** Probes a host: its addresses, its certificate, its clock. It sends no token and no message. */
import { lookup } from 'node:dns/promises'
import { get as getPlain, type RequestOptions } from 'node:http'
import { get as getTls } from 'node:https'
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls, type PeerCertificate } from 'node:tls'
import { authorityOf, createEgress, type EgressOptions, portOf } from '../transport/egress.ts'
import { openTunnel } from '../transport/tunnel.ts'

export type Certificate = { issuer: string; validUntil: Date }

export type Failure = {
  /** The code of Node or OpenSSL. After a timeout, `ETIMEOUT` for the resolver and `ETIMEDOUT` for the host. */
  code: string
  message: string
  /** The certificate that was refused. */
  certificate?: Certificate | undefined
}

export type Handshake = {
  /** Absent for plain HTTP. */
  tls?: { version: string; certificate: Certificate }
}

export type Clock = {
  /** The `Date` header. */
  date: string | undefined
  /** The time of this machine halfway between request and answer. */
  localMs: number
}

/** How the proxy's calls reach a host. */
export type ConnectOptions = { readonly connectTimeoutMs: number; readonly egress: EgressOptions }

/** @returns the origin of the egress proxy, without a password, if calls to this origin use one */
export function egressProxyOf(origin: string, { egress }: ConnectOptions): string | undefined {
  return createEgress(egress)(new URL(origin))?.origin
}

/** The addresses of an origin's host, from the same resolver that connections use. */
export function lookUp(origin: string, timeoutMs: number): Promise<string[] | Failure> {
  const looked = lookup(partsOf(origin).host, { all: true }).then(
    (found) => found.map(({ address }) => address),
    toFailure,
  )
  return new Promise((resolve) => {
    const late = { ...timeUp(timeoutMs), code: 'ETIMEOUT' }
    const timer = setTimeout(resolve, timeoutMs, late)
    looked.then(resolve).finally(() => clearTimeout(timer))
  })
}

/** Connects as the proxy does, verifies the certificate and disconnects. */
export async function shakeHands(
  origin: string,
  options: ConnectOptions,
): Promise<Handshake | Failure> {
  const { isTls, host, port, servername } = partsOf(origin)
  const tunnel = await tunnelTo(origin, options).catch(toFailure)
  if (tunnel !== undefined && 'code' in tunnel) return tunnel
  if (!isTls) {
    if (tunnel === undefined) {
      const socket = connectPlain({ host, port })
      return settle(socket, 'connect', options.connectTimeoutMs, () => ({}))
    }
    tunnel.destroy()
    return {}
  }
  const target = tunnel === undefined ? { host, port } : { socket: tunnel }
  const socket = connectTls({ ...target, servername, ALPNProtocols: ['http/1.1'] })
  let certificate: Certificate | undefined
  // Runs before Node's own listener, which closes a connection with a refused certificate, so that the certificate is lost.
  socket.prependOnceListener('secure', () => {
    certificate = describe(socket.getPeerCertificate())
  })
  const result = await settle(socket, 'secureConnect', options.connectTimeoutMs, () => {
    const version = String(socket.getProtocol())
    return { tls: { version, certificate: describe(socket.getPeerCertificate()) } }
  })
  return 'code' in result ? { ...result, certificate } : result
}

/** Reads the clock of a host. @param timeoutMs for its answer */
export async function readClock(
  origin: string,
  options: ConnectOptions,
  timeoutMs: number,
): Promise<Clock | Failure> {
  const connection = await connectionTo(origin, options)
  if ('code' in connection) return connection
  const get = partsOf(origin).isTls ? getTls : getPlain
  const askedMs = Date.now()
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const request = get(origin, { ...connection, signal }, ({ headers }) => {
      resolve({ date: headers.date, localMs: (askedMs + Date.now()) / 2 })
      request.destroy()
    })
    request.on('error', (error) => {
      resolve(signal.aborted ? timeUp(timeoutMs) : toFailure(error))
    })
  })
}

/** @returns what takes a request of Node's the way of the proxy's own calls */
export async function connectionTo(
  origin: string,
  options: ConnectOptions,
): Promise<Pick<RequestOptions, 'agent' | 'createConnection'> | Failure> {
  const { isTls, servername } = partsOf(origin)
  const tunnel = await tunnelTo(origin, options).catch(toFailure)
  if (tunnel === undefined) return { agent: false }
  if ('code' in tunnel) return tunnel
  return { createConnection: () => (isTls ? connectTls({ socket: tunnel, servername }) : tunnel) }
}

/** @returns undefined if the host is reached directly */
async function tunnelTo(
  origin: string,
  { connectTimeoutMs, egress }: ConnectOptions,
): Promise<Socket | undefined> {
  const url = new URL(origin)
  const proxy = createEgress(egress)(url)
  return proxy === undefined ? undefined : openTunnel(proxy, authorityOf(url), connectTimeoutMs)
}

function settle<T>(
  socket: Socket,
  event: string,
  timeoutMs: number,
  read: () => T,
): Promise<T | Failure> {
  return new Promise((resolve) => {
    const end = (result: T | Failure) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(result)
    }
    const timer = setTimeout(() => end(timeUp(timeoutMs)), timeoutMs)
    socket.once(event, () => end(read()))
    socket.on('error', (error) => end(toFailure(error)))
  })
}

function partsOf(origin: string) {
  const url = new URL(origin)
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const servername = isIP(host) === 0 ? host : ''
  return { isTls: url.protocol === 'https:', host, port: portOf(url), servername }
}

function describe({ issuer, valid_to }: PeerCertificate): Certificate {
  return { issuer: String(issuer.O ?? issuer.CN), validUntil: new Date(valid_to) }
}

/** If several addresses failed, Node gives no message. */
export function toFailure(error: NodeJS.ErrnoException): Failure {
  const code = String(error.code)
  return { code, message: error.message || code }
}

export function timeUp(timeoutMs: number): Failure {
  return { code: 'ETIMEDOUT', message: `no answer within ${timeoutMs} ms` }
}
