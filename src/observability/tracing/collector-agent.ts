/** Reaches the collector as every other host is reached: through the egress proxy, if there is one. */
import { Agent as PlainAgent } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import { connect as connectTls } from 'node:tls'
import { authorityOf, createEgress, type EgressOptions } from '../../transport/egress.ts'
import { openTunnel } from '../../transport/tunnel.ts'

const connectTimeoutMs = 5_000

/** @param protocol of the endpoint, with its colon */
export function createCollectorAgent(protocol: string, options: EgressOptions): PlainAgent {
  const egress = createEgress(options)
  const isTls = protocol === 'https:'
  const agent = isTls ? new TlsAgent({ keepAlive: true }) : new PlainAgent({ keepAlive: true })
  const connectDirectly = agent.createConnection.bind(agent)
  agent.createConnection = (request, callback) => {
    const hostname = String(request.host)
    const target = { protocol, hostname, port: String(request.port ?? '') }
    const proxy = egress(target)
    if (proxy === undefined || callback === undefined) return connectDirectly(request, callback)
    openTunnel(proxy, authorityOf(target), connectTimeoutMs).then(
      (socket) => callback(null, isTls ? connectTls({ socket, servername: hostname }) : socket),
      // Node also calls it with only the error.
      (error) => Reflect.apply(callback, undefined, [error]),
    )
    return undefined
  }
  return agent
}
