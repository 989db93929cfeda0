/** Three replicas behind a balancer, under load: one is rolled, one is killed, and no message may be lost or doubled. */
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Balancer, replicaHosts } from './balancer.ts'
import { Client } from './client.ts'
import { Context } from './context.ts'
import { healthy } from './fault.ts'
import { freePort } from './gate.ts'
import { compose } from './message.ts'
import { Replica } from './replica.ts'
import { judgeReplicas, type Span } from './replicas-verdict.ts'
import { tableAsText } from './report.ts'
import { sizes } from './sizes.ts'
import { sendSteadily } from './steady-load.ts'

const account = 'replicas'
const perSecond = 200
const deadlineMs = 5_000
const env = { REQUEST_TIMEOUT_MS: String(deadlineMs), SHUTDOWN_DELAY_MS: '5000' }

/** How long each state of things lasts. */
const stageMs = 4_000

/** So many messages of the killed replica are at LiveEngage when it is killed. */
const leastInFlight = 3
const keyedMessages = 60

/** Of each replica's log, shown where a promise is broken. */
const lastCharacters = 2_000

const { values } = parseArgs({
  options: { seed: { type: 'string', default: String(Date.now() % 1_000_000) } },
})
const say = (text: string) => void process.stdout.write(`${text}\n`)

if (!Balancer.isInstalled) {
  say('SKIPPED: the replicas were not tried, because there is no haproxy (apt-get install haproxy)')
  process.exit(0)
}

const context = new Context(Number(values.seed), sizes.full)
const { oracle, report, marks } = context
const ports = { port: await freePort(replicaHosts[0]), adminPort: await freePort(replicaHosts[0]) }
const rolled = new Replica(context, replicaHosts[0], ports)
const killed = new Replica(context, replicaHosts[1], ports)
const replicas = [rolled, killed, new Replica(context, replicaHosts[2], ports)]
await Promise.all(replicas.map((replica) => replica.open(account, env)))
const balancer = new Balancer(marks)
await balancer.start(ports)
say(`replicas: ${replicas.length} behind HAProxy, ${perSecond} messages a second`)

const began = performance.now()
const client = new Client(balancer.port, context.answers)
const sentAt = new Map<string, number>()
let isOver = false
const loading = sendSteadily(
  perSecond,
  () => isOver,
  (count) => send(`load-${count}`),
)

await sendTwiceWithKeys()
await setTimeout(stageMs)
const roll = await rollOne(rolled)
await setTimeout(stageMs)
const kill = await killOne(killed)
await setTimeout(stageMs)
await killed.start()
await killed.isBusy(1)
const killIsOver = performance.now()
await setTimeout(stageMs)

isOver = true
await loading
client.close()
const codes = await Promise.all(replicas.map((replica) => replica.end('SIGTERM')))
await balancer.stop()
for (const replica of replicas) replica.close()
const table = judgeReplicas(context, { replicas, killed, sentAt, roll, kill, killIsOver })
const ends = codes.map(String).join(', ')
report.promise('in the end each process ends with 0', ends === '0, 0, 0', ends, '0, 0, 0')
const leaks = context.leaks.printed + context.leaks.answered + balancer.leaks
report.promise('no secret and no words anywhere', leaks === 0, leaks, 0)
const seconds = Math.round((performance.now() - began) / 1000)
say(`\n${tableAsText(table)}`)
say(report.promisesAsText())
if (!report.areKept) {
  say(balancer.printed)
  for (const { proxy } of replicas) say(proxy.printed().slice(-lastCharacters))
}
const { promises, figures } = report
const rows = Object.fromEntries(table)
say(JSON.stringify({ seed: values.seed, seconds, perSecond, table: rows, promises, figures }))
process.exit(report.areKept && process.exitCode !== 1 ? 0 : 1)

async function send(id: string): Promise<void> {
  prepare(id, 'load')
  oracle.answered(id, await client.call(compose(marks, id, account, deadlineMs)))
}

function prepare(id: string, phase: string): void {
  oracle.expect(id, phase, healthy)
  for (const replica of replicas) replica.await(id)
  sentAt.set(id, performance.now())
}

/** A consumer's retry has to come to the replica that knows the key. */
async function sendTwiceWithKeys(): Promise<void> {
  let replayed = 0
  for (let count = 0; count < keyedMessages; count += 1) {
    const id = `keyed-${count}`
    prepare(id, 'keyed')
    const call = compose(marks, id, account, deadlineMs)
    const keyed = { ...call, headers: { ...call.headers, 'idempotency-key': id } }
    const first = await client.call(keyed)
    oracle.answered(id, first)
    const second = await client.call(keyed)
    oracle.answered(id, second)
    const isReplay = second?.headers['idempotency-replayed'] === 'true'
    if (isReplay && second?.body === first?.body) replayed += 1
  }
  report.promise(
    'a retry with its Idempotency-Key gets the first answer',
    replayed === keyedMessages,
    replayed,
    keyedMessages,
  )
}

/** As a rollout does it: SIGTERM, its end, another process at the same address. */
async function rollOne(replica: Replica): Promise<Span> {
  const from = performance.now()
  const before = replica.taken.size
  const code = await replica.end('SIGTERM')
  report.promise('the rolled replica ends with 0', code === 0, `${code}`, '0')
  report.figures['rolled'] = {
    untilItsEndMs: Math.round(performance.now() - from),
    messagesMeanwhile: replica.taken.size - before,
  }
  await replica.start()
  await replica.isBusy(1)
  return { from, to: performance.now() }
}

/** In the middle of its work. @returns from the signal until its end was seen */
async function killOne(replica: Replica): Promise<Span> {
  await replica.isBusy(leastInFlight)
  const from = performance.now()
  await replica.end('SIGKILL')
  return { from, to: performance.now() }
}
