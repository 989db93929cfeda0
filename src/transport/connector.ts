/** Opens connections: TCP or a tunnel through an egress proxy, and TLS with the certificate verified. */
import { createSecureContext, TLSSocket } from 'node:tls'
import { LRUCache } from 'lru-cache'
import type { buildConnector as Connector } from 'undici'
import buildConnector from 'undici/lib/core/connect.js'
import { authorityOf, type Egress } from './egress.ts'
import { openTunnel } from './tunnel.ts'

/** Of so many hosts the latest TLS session is kept. undici knows no more. */
const mostSessions = 100

/** EBUSY: getaddrinfo cannot read its own files (glibc). No connection ends with it. */
const lacksOfFiles = new Set(['EMFILE', 'ENFILE', 'EBUSY'])

/** No connection was made, so nothing can have been written on it. */
export class ConnectFailure extends Error {
  override readonly name = 'ConnectFailure'
  readonly code: string | undefined
  constructor(cause: Error) {
    super(cause.message, { cause })
    this.code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
  }

  /** The process or its machine can open no more files, which says nothing of the host. */
  get isLackOfFiles(): boolean {
    return this.code !== undefined && lacksOfFiles.has(this.code)
  }
}

/**
 * One for all pools, so that a new pool resumes the TLS sessions of the one before.
 * @param timeoutMs of each step: to the egress proxy, to the host
 * @param usesTls whether calls over TLS will come: then TLS is prepared at once, else with the first of them
 */
export function createConnector(
  timeoutMs: number,
  egress: Egress,
  usesTls: boolean,
): Connector.connector {
  // Over HTTP/2, undici would resend a POST after REFUSED_STREAM.
  const options = { timeout: timeoutMs, allowH2: false, rejectUnauthorized: true }
  const connectPlain = buildConnector(options)
  let connectTls = usesTls ? withTls(options) : undefined
  const connectorOf = ({ protocol }: Connector.Options) => {
    if (protocol !== 'https:') return connectPlain
    connectTls ??= withTls(options)
    return connectTls
  }
  return (target, callback) => {
    const connector = connectorOf(target)
    const done: Connector.Callback = (...[error, socket]) => {
      if (error === null) callback(null, socket)
      else callback(new ConnectFailure(error), null)
    }
    const proxy = egress(target)
    if (proxy === undefined) {
      connector(target, done)
      return
    }
    openTunnel(proxy, authorityOf(target), timeoutMs).then(
      (httpSocket) => {
        if (target.protocol === 'https:') connector({ ...target, httpSocket }, done)
        else done(null, httpSocket)
      },
      (error) => done(error, null),
    )
  }
}

/**
 * Its context reads every root certificate, which takes a tenth of a start: once for all connections. undici only has a weak reference to
 * a session, so V8's next full collection would take it, and a handshake without one takes twice the CPU time.
 */
function withTls(options: Connector.BuildOptions): Connector.connector {
  const connect = buildConnector({ ...options, secureContext: createSecureContext() })
  const sessions = new LRUCache<string, Buffer>({ max: mostSessions })
  return (target, callback) => {
    // Its type says nothing of the socket that it returns.
    const socket: unknown = connect(target, callback)
    if (!(socket instanceof TLSSocket)) return
    socket.on('session', (session) => sessions.set(target.hostname, session))
  }
}
