/** An upstream that refuses everything must not get twice the traffic for it: the retry budget. */
import { makeCertificates } from '../certificates.ts'
import type { Context, Running } from '../context.ts'
import type { Fault } from '../fault.ts'
import { Gate } from '../gate.ts'
import { type Lane, playLane } from '../lane.ts'
import { longestDeadlineMs, type Step } from '../script.ts'
import { tlsDoors } from '../tls-doors.ts'

const callers = 16

const tooMany: Fault = {
  class: '429 storm',
  name: '429 to everything',
  deadline: 'long',
  weight: 0,
  play: async (exchange) => {
    if (await exchange.read()) exchange.answer(429, { code: 'TOO_MANY', body: {} })
  },
}

const noHandshake: Fault = {
  class: 'TLS storm',
  name: 'every handshake is reset',
  deadline: 'long',
  weight: 2,
}

export async function storm(context: Context): Promise<void> {
  const { upstream, trap } = context
  const plain = await context.host('storm', new Gate({ open: (socket) => upstream.serve(socket) }))
  const env = { REQUEST_TIMEOUT_MS: String(longestDeadlineMs) }
  await rage(context, await context.start([plain], env), plain, 'storm', tooMany)

  const certificates = makeCertificates()
  const secure = await context.host('tlsstorm', new Gate(tlsDoors(upstream, trap, certificates)))
  const domainApi = new Gate(tlsDoors(upstream, trap, certificates))
  const LP_DOMAIN_API_URL = `https://localhost:${await domainApi.open()}`
  const NODE_EXTRA_CA_CERTS = certificates.authorityFile
  const running = await context.start([secure], { ...env, LP_DOMAIN_API_URL, NODE_EXTRA_CA_CERTS })
  await secure.behave('reset-in-handshake')
  await rage(context, running, secure, 'tlsstorm', noHandshake)
  for (const gate of [plain, secure, domainApi]) gate.close()
}

async function rage(
  context: Context,
  running: Running,
  gate: Gate,
  phase: string,
  fault: Fault,
): Promise<void> {
  const { size, oracle, report } = context
  const step: Step = { fault, times: 3, deadlineMs: longestDeadlineMs, bulk: 'small', jitter: 0 }
  const began = performance.now()
  const met = gate.turnedAway
  await Promise.all(
    Array.from({ length: callers }, (_, at) => {
      const lane: Lane = {
        phase,
        name: `caller${at}`,
        account: phase,
        gate,
        client: running.client,
      }
      const steps = Array.from({ length: Math.ceil(size.stormRequests / callers) }, () => step)
      return playLane(context, lane, steps)
    }),
  )
  const seconds = (performance.now() - began) / 1000
  // Broken handshakes never say whose they are.
  const { requests, extra } = oracle.attempts(oracle.of(phase))
  const beyond = gate.turnedAway > met ? gate.turnedAway - met - requests : extra
  const promise = `${fault.class}: resends stay within the budget`
  report.promiseAttempts(promise, requests, Math.max(0, beyond), seconds)
  await context.stop(running)
}
