/** The same over TLS, and what can go wrong in a handshake: no token may be written to whom the certificate does not prove. */
import { makeCertificates } from '../certificates.ts'
import { connectionFaults, tlsFaults } from '../connection-faults.ts'
import type { Context } from '../context.ts'
import { messageFaults } from '../faults.ts'
import { Gate } from '../gate.ts'
import { playLane } from '../lane.ts'
import { deal, drawScript, longestDeadlineMs } from '../script.ts'
import { tlsDoors } from '../tls-doors.ts'

const lanes = 8

export async function tls(context: Context): Promise<void> {
  const { upstream, size, trap } = context
  const certificates = makeCertificates()
  const newGate = () => new Gate(tlsDoors(upstream, trap, certificates))
  const gates = await Promise.all(
    Array.from({ length: lanes }, (_, at) => context.host(`tls${at}`, newGate())),
  )
  const domainApi = newGate()
  const domainApiPort = await domainApi.open()
  const running = await context.start(gates, {
    LP_DOMAIN_API_URL: `https://localhost:${domainApiPort}`,
    NODE_EXTRA_CA_CERTS: certificates.authorityFile,
    REQUEST_TIMEOUT_MS: String(longestDeadlineMs),
    CONNECT_TIMEOUT_MS: '400',
    LOG_LEVEL: 'trace',
  })
  const others = [...messageFaults(trap.origin), ...connectionFaults]
  const random = context.random('tls')
  // Half of them in the handshake; the rest shows that everything else holds here too.
  const script = [
    ...drawScript(random, tlsFaults, Math.round(size.tlsFaults / 2)),
    ...drawScript(random, others, Math.round(size.tlsFaults / 2)),
  ]
  await Promise.all(
    deal(script, lanes).map((steps, at) => {
      const gate = gates[at]
      if (gate === undefined) throw new Error('a gate per lane')
      const lane = { phase: 'tls', name: `lane${at}`, account: `tls${at}`, gate }
      return playLane(context, { ...lane, client: running.client }, steps)
    }),
  )
  await context.stop(running)
  for (const gate of [...gates, domainApi]) gate.close()
}
