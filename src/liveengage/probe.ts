/** Looks at a host as an operator would by hand: its addresses, its certificate, its clock. Sends no token and no message. */
import { lookup } from 'node:dns/promises'
import { get as getPlain } from 'node:http'
import { get as getTls } from 'node:https'
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls, type PeerCertificate } from 'node:tls'

export type Certificate = { issuer: string; validUntil: Date }

export type Failure = {
  /** Node's or OpenSSL's own; where the time was up `ETIMEOUT` of the resolver, `ETIMEDOUT` of the host. */
  code: string
  message: string
  /** The one that was refused. */
  certificate?: Certificate | undefined
}

export type Handshake = {
  /** Absent over plain HTTP. */
  tls?: { version: string; certificate: Certificate }
}

export type Clock = {
  /** The `Date` header. */
  date: string | undefined
  /** This machine's time halfway between question and answer. */
  localMs: number
}

/** The addresses of an origin's host, from the resolver that connections use. */
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

/** Connects as the proxy does, certificate verified, and hangs up. */
export function shakeHands(origin: string, timeoutMs: number): Promise<Handshake | Failure> {
  const { isTls, host, port } = partsOf(origin)
  if (!isTls) {
    const socket = connectPlain({ host, port })
    return settle(socket, 'connect', timeoutMs, () => ({}))
  }
  const servername = isIP(host) === 0 ? host : ''
  const socket = connectTls({ host, port, servername, ALPNProtocols: ['http/1.1'] })
  let certificate: Certificate | undefined
  // Before Node's own listener, which ends a connection whose certificate it refuses, and with it all that is known of it.
  socket.prependOnceListener('secure', () => {
    certificate = describe(socket.getPeerCertificate())
  })
  return settle(socket, 'secureConnect', timeoutMs, () => {
    const version = String(socket.getProtocol())
    return { tls: { version, certificate: describe(socket.getPeerCertificate()) } }
  }).then((result) => ('code' in result ? { ...result, certificate } : result))
}

/** Asks a host for the time. */
export function readClock(origin: string, timeoutMs: number): Promise<Clock | Failure> {
  const get = partsOf(origin).isTls ? getTls : getPlain
  const askedMs = Date.now()
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const request = get(origin, { agent: false, signal }, ({ headers }) => {
      resolve({ date: headers.date, localMs: (askedMs + Date.now()) / 2 })
      request.destroy()
    })
    request.on('error', (error) => {
      resolve(signal.aborted ? timeUp(timeoutMs) : toFailure(error))
    })
  })
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

const defaultPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

function partsOf(origin: string): { isTls: boolean; host: string; port: number } {
  const { protocol, hostname, port } = new URL(origin)
  const isTls = protocol === 'https:'
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return { isTls, host, port: Number(port || defaultPorts[protocol]) }
}

function describe({ issuer, valid_to }: PeerCertificate): Certificate {
  return { issuer: String(issuer.O ?? issuer.CN), validUntil: new Date(valid_to) }
}

/** Of several addresses that failed Node gives no message. */
function toFailure(error: NodeJS.ErrnoException): Failure {
  const code = String(error.code)
  return { code, message: error.message || code }
}

function timeUp(timeoutMs: number): Failure {
  return { code: 'ETIMEDOUT', message: `no answer within ${timeoutMs} ms` }
}
