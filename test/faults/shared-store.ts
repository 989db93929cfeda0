/**
 * Three replicas that share a store, under load, with callers that retry everything with its key at any of them. One is rolled, one is
 * killed, and the store is killed once: no message may be lost or doubled.
 */
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Balancer, replicaHosts } from './balancer.ts'
import { type Answer, Client } from './client.ts'
import { Context } from './context.ts'
import { healthy } from './fault.ts'
import { sum } from './figures.ts'
import { freePort } from './gate.ts'
import { compose, withKey } from './message.ts'
import { Replica } from './replica.ts'
import { tableAsText } from './report.ts'
import { sizes } from './sizes.ts'
import { sendSteadily } from './steady-load.ts'
import { Store } from './store.ts'
import { isReplayed, isSettled, total } from './verdict.ts'

const account = 'store'
const perSecond = 200
const deadlineMs = 5_000

/** How long each state of things lasts. */
const stageMs = 3_000

/** So many messages of the killed replica are at LiveEngage when it is killed. */
const leastInFlight = 3

/** Of a caller who retries, milliseconds: between two attempts, and until it gives up. */
const pauseMs = { from: 100, to: 400 }
const patienceMs = 30_000

const lastCharacters = 2_000

const { values } = parseArgs({
  options: { seed: { type: 'string', default: String(Date.now() % 1_000_000) } },
})
const say = (text: string) => void process.stdout.write(`${text}\n`)

if (!Balancer.isInstalled || !Store.isInstalled) {
  say('SKIPPED: the shared store was not tried, because haproxy or redis-server is missing')
  process.exit(0)
}

const context = new Context(Number(values.seed), sizes.full)
const { oracle, report, marks } = context
const random = context.random('retries')
const store = await Store.open()
const ports = { port: await freePort(replicaHosts[0]), adminPort: await freePort(replicaHosts[0]) }
const rolled = new Replica(context, replicaHosts[0], ports)
const killed = new Replica(context, replicaHosts[1], ports)
const replicas = [rolled, killed, new Replica(context, replicaHosts[2], ports)]
const env = {
  REQUEST_TIMEOUT_MS: String(deadlineMs),
  SHUTDOWN_DELAY_MS: '5000',
  STATE_URL: store.url,
}
await Promise.all(replicas.map((replica) => replica.open(account, env)))
const balancer = new Balancer(marks)
await balancer.start(ports)
say(`replicas: ${replicas.length} behind HAProxy, with a store, ${perSecond} messages a second`)

const began = performance.now()
const first = new Client(balancer.port, context.answers)
const retries = replicaHosts.map((host) => new Client(ports.port, context.answers, 256, host))
const figures = { retried: 0, replayed: 0, keyInUse: 0, storeUnavailable: 0, unsettled: 0 }
let isOver = false
const loading = sendSteadily(
  perSecond,
  () => isOver,
  (count) => insist(`stored-${count}`),
)

await setTimeout(stageMs)
const code = await rolled.end('SIGTERM')
await rolled.start()
await setTimeout(stageMs)
await killed.isBusy(leastInFlight)
await killed.end('SIGKILL')
await setTimeout(stageMs)
await killed.start()
await setTimeout(stageMs)
await store.restart()
await setTimeout(stageMs)

isOver = true
await loading
for (const client of [first, ...retries]) client.close()
const codes = await Promise.all(replicas.map((replica) => replica.end('SIGTERM')))
await balancer.stop()
for (const replica of replicas) replica.close()
await store.close()

const table = oracle.table()
const all = total([...table.values()])
const none = (promise: string, count: number) => report.promise(promise, count === 0, count, 0)
none('no message is doubled', all.duplicates)
none('no message is lost: acknowledged, and never at LiveEngage', all.falseAcknowledgements)
none('nothing that LiveEngage has is said not to be sent', all.falseNotSent)
none('every message has an outcome that stays', figures.unsettled)
none('every failure is a problem whose delivery agrees with its status', all.malformed)
none('no SEND that nobody asked for', sum(replicas.map(({ strangers }) => strangers)))
const some = (promise: string, count: number) =>
  report.promise(promise, count > 0, count, 'more than 0')
some('callers retried', figures.retried)
some('what was in flight at the SIGKILL is unknown, and stays so', all.unknown)
some('the store’s restart was met', figures.storeUnavailable)
const ends = [code, ...codes].map(String).join(', ')
report.promise(
  'each process that is told to ends with 0',
  ends === '0, 0, 0, 0',
  ends,
  '0, 0, 0, 0',
)
const leaks = context.leaks.printed + context.leaks.answered + balancer.leaks
none('no secret and no words anywhere', leaks)
report.figures['retries'] = figures
const seconds = Math.round((performance.now() - began) / 1000)
say(`\n${tableAsText(table)}`)
say(report.promisesAsText())
if (!report.areKept) {
  for (const violation of oracle.violations().slice(0, 20)) say(JSON.stringify(violation))
  for (const { proxy } of replicas) say(proxy.printed().slice(-lastCharacters))
}
const { promises } = report
const rows = Object.fromEntries(table)
say(JSON.stringify({ seed: values.seed, seconds, perSecond, table: rows, promises, figures }))
process.exit(report.areKept && process.exitCode !== 1 ? 0 : 1)

/** The first time through the balancer, and then at any replica, until the outcome is one that a retry does not change. */
async function insist(id: string): Promise<void> {
  oracle.expect(id, 'stored', { ...healthy, class: 'retried with its key' })
  for (const replica of replicas) replica.await(id)
  const keyed = withKey(compose(marks, id, account, deadlineMs), id)
  const ends = performance.now() + patienceMs
  let answer = await first.call(keyed)
  note(id, answer)
  while (!isSettled(answer)) {
    if (performance.now() > ends) {
      figures.unsettled += 1
      return
    }
    await setTimeout(random.between(pauseMs.from, pauseMs.to))
    figures.retried += 1
    answer = await random.pick(retries).call(keyed)
    note(id, answer)
  }
}

/** A replica that is not there gives no answer. */
function note(id: string, answer: Answer | undefined): void {
  if (answer === undefined) return
  oracle.answered(id, answer)
  if (isReplayed(answer)) figures.replayed += 1
  if (answer.problem?.code === 'idempotency-key-in-use') figures.keyInUse += 1
  if (answer.problem?.code === 'idempotency-store-unavailable') figures.storeUnavailable += 1
}
