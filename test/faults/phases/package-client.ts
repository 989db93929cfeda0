/** The client of the package with its own retries, over a way that loses calls and answers, to a LiveEngage that misbehaves. */
import { setTimeout } from 'node:timers/promises'
import {
  type Client,
  createClient,
  LiveEngageProxyError,
  type SendMessageBody,
} from 'liveengage-proxy/client'
import type { Answer } from '../client.ts'
import { connectionFaults } from '../connection-faults.ts'
import type { Context } from '../context.ts'
import { messageFaults } from '../faults.ts'
import { Gate } from '../gate.ts'
import { shut } from '../lane.ts'
import { compose } from '../message.ts'
import type { Random } from '../random.ts'
import { deal, drawScript, longestDeadlineMs, type Step } from '../script.ts'

const phase = 'package-client'
const lanes = 16

/** Of all calls, how many never arrive, and of how many nobody hears the answer. */
const lostCalls = 0.05
const lostAnswers = 0.1

/** How long a host is away, where that is the fault: some of the client's attempts fall into it. */
const awayMs = 400

type Figures = { attempts: number; lost: number; unheard: number; rejected: number }

export async function packageClient(context: Context): Promise<void> {
  const { upstream, size, oracle, report, trap } = context
  const figures: Figures = { attempts: 0, lost: 0, unheard: 0, rejected: 0 }
  const gates = await Promise.all(
    Array.from({ length: lanes }, (_, at) =>
      context.host(`client${at}`, new Gate({ open: (socket) => upstream.serve(socket) })),
    ),
  )
  const running = await context.start(gates, {
    REQUEST_TIMEOUT_MS: String(longestDeadlineMs),
    CONNECT_TIMEOUT_MS: '400',
  })
  const random = context.random(phase)
  const client = createClient({
    baseUrl: `http://127.0.0.1:${running.proxy.port}`,
    fetch: overBadWay(random, figures),
  })
  const faults = [...messageFaults(trap.origin), ...connectionFaults.filter(({ idle }) => !idle)]
  const script = drawScript(random, faults, size.clientFaults)
  await Promise.all(
    deal(script, lanes).map(async (steps, at) => {
      const gate = gates[at]
      if (gate === undefined) throw new Error('a gate per lane')
      for (const [index, step] of steps.entries()) {
        const place = { id: `${phase}-${at}-${index}`, account: `client${at}` }
        await send(context, client, gate, step, place, figures)
      }
    }),
  )
  await context.stop(running)
  for (const gate of gates) gate.close()

  const sent = oracle.of(phase)
  const met = oracle.faultsMet(sent)
  report.figures[phase] = { sends: sent.length, faults: met, ...figures }
  const doubled = sent.filter(({ fault, processed }) => !fault.isLie && processed > 1).length
  report.promise('no duplicate by the retries of the package’s client', doubled === 0, doubled, 0)
  report.promise(
    'enough messages by the package’s client',
    sent.length >= size.leastClientSends,
    sent.length,
    size.leastClientSends,
  )
}

/** `fetch` whose calls get lost before they are sent, or whose answers do after LiveEngage has acted. */
function overBadWay(random: Random, figures: Figures): typeof fetch {
  return async (input, init) => {
    figures.attempts += 1
    const chance = random.next()
    if (chance < lostCalls) {
      figures.lost += 1
      throw new TypeError('fetch failed')
    }
    const answer = await fetch(input, init)
    if (chance < lostCalls + lostAnswers) {
      figures.unheard += 1
      await answer.arrayBuffer()
      throw new TypeError('terminated')
    }
    return answer
  }
}

async function send(
  context: Context,
  client: Client,
  gate: Gate,
  { fault, times, deadlineMs, bulk }: Step,
  { id, account }: { id: string; account: string },
  figures: Figures,
): Promise<void> {
  const { oracle, upstream, marks } = context
  oracle.expect(id, phase, fault)
  upstream.plan(
    id,
    Array.from({ length: times }, () => fault),
  )
  const { headers, body } = compose(marks, id, account, deadlineMs, bulk)
  const message: SendMessageBody = JSON.parse(body)
  let isBack: Promise<void> | undefined
  if (fault.gate !== undefined) {
    await shut(gate, fault.gate)
    isBack = setTimeout(awayMs).then(() => gate.behave('open'))
  }
  const outcome = await client.sendMessage(id, message, { headers }).then(
    () => toAnswer('acknowledged'),
    (error: unknown) => {
      if (!(error instanceof LiveEngageProxyError)) throw error
      figures.rejected += 1
      return toAnswer(error.delivery, error.code)
    },
  )
  await isBack
  oracle.answered(id, outcome)
}

/** What the client says of all its attempts, as an answer that says the same. */
function toAnswer(said: 'acknowledged' | 'not-sent' | 'unknown', code = ''): Answer {
  const nothing = { headers: {}, body: '', ms: 0, firstByteMs: 0 }
  if (said === 'acknowledged') return { status: 201, problem: undefined, ...nothing }
  return { status: said === 'unknown' ? 502 : 503, problem: { code, delivery: said }, ...nothing }
}
