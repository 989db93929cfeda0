/**
 * A hundred accounts with a hundred consumers each, of which some write a lot and most rarely: how well the caches of hosts and tokens
 * serve them, how often the proxy logs in, and how much memory it takes.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Context } from './context.ts'
import type { Exchange } from './exchange.ts'
import { countBy, round, spreadOf } from './figures.ts'
import { Gate } from './gate.ts'
import { asConsumer, compose } from './message.ts'
import { Reading, readMetrics } from './reading.ts'
import { sizes } from './sizes.ts'
import { sendSteadily } from './steady-load.ts'
import { saidBy } from './verdict.ts'

const accounts = 100
const consumersOfEach = 100
/** LivePerson's hosts are regional. */
const regions = 3
/** How long LiveEngage takes for each message. */
const liveEngageMs = 50
/** With it a ConsumerJWS has 900 bytes. */
const consumerJwsPadding = 'x'.repeat(840)
const deadlineMs = 10_000
const sampleEveryMs = 5_000
/** Of these accounts the secret is replaced halfway. */
const replaced = 10

/** What a container with the recommended limit would bear. */
const mostMb = 256

/** Renewal begins at 72 % of a token's life, at the earliest. */
const leastRenewalShare = 0.72

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    rate: { type: 'string', default: '150' },
    'token-life': { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const minutes = Number(values.minutes ?? (values.quick ? 1 / 3 : 10))
const tokenSeconds = Number(values['token-life'] ?? (values.quick ? 20 : 120))
const perSecond = Number(values.rate)
const say = (text: string) => void process.stdout.write(`${text}\n`)
say(
  `capacity: ${accounts} accounts, ${accounts * consumersOfEach} consumers, ${perSecond} messages a second, ${round(minutes)} minutes, AppJWTs of ${tokenSeconds} s, seed ${values.seed}`,
)

const context = new Context(Number(values.seed), sizes.full)
await context.open()
const { upstream, report, marks } = context
upstream.usual = takeMessage
upstream.appJwtSeconds = tokenSeconds
upstream.consumerJwsPadding = consumerJwsPadding
const gates = Array.from(
  { length: regions },
  () => new Gate({ open: (socket) => upstream.serve(socket) }),
)
const accountIds = Array.from({ length: accounts }, (_, at) => `capacity${at}`)
for (const [at, account] of accountIds.entries()) {
  const gate = gates[at % regions]
  if (gate !== undefined) await context.host(account, gate)
}
const folder = mkdtempSync(join(tmpdir(), 'capacity-'))
const file = join(folder, 'credentials.json')
writeCredentials('first', 0)
const running = await context.start(gates, { LP_CREDENTIALS_FILE: file })
const { proxy, client } = running

const random = context.random('capacity')
const pickAccount = zipf(accounts)
const pickConsumer = zipf(consumersOfEach)
const seen = new Set<string>()
const figures = { sent: 0, acknowledged: 0, mixedUp: 0, expired: 0 }
const failures: string[] = []
const answerMs: number[] = []
let peakMb = 0
const before = await readMetrics(client)
const began = performance.now()
const ends = began + minutes * 60_000
const isOver = () => performance.now() >= ends
const [, , halfway] = await Promise.all([
  sendSteadily(perSecond, isOver, send),
  sample(),
  replaceSecrets(),
])
const seconds = (performance.now() - began) / 1000
const after = await readMetrics(client)
await context.stop(running)
for (const gate of gates) gate.close()
rmSync(folder, { recursive: true })

judge()
say(report.promisesAsText())
say(JSON.stringify({ seed: values.seed, seconds: round(seconds), ...report.figures }))
process.exit(report.areKept && process.exitCode !== 1 ? 0 : 1)

async function send(): Promise<void> {
  const account = accountIds[pickAccount(random.next())] ?? ''
  const consumer = `${account}-${pickConsumer(random.next())}`
  seen.add(consumer)
  figures.sent += 1
  const call = compose(marks, consumer, account, deadlineMs)
  const answer = await client.call(asConsumer(call, consumer))
  if (saidBy(answer) === 'acknowledged') figures.acknowledged += 1
  else failures.push(answer?.problem?.code ?? 'no answer')
  if (answer !== undefined) answerMs.push(answer.ms)
}

/** LiveEngage takes it, and looks whose tokens came with it. */
async function takeMessage(exchange: Exchange): Promise<void> {
  if (!(await exchange.process())) return
  const { headers } = exchange.head
  const consumer = marks.idIn(headers.get('x-lp-on-behalf') ?? '') ?? ''
  const [, payload = ''] = (headers.get('authorization') ?? '').split('.')
  const claims: { aud: string; exp: number } = JSON.parse(
    Buffer.from(payload, 'base64url').toString(),
  )
  const isHis = exchange.body.includes(`"${consumer} ${marks.words}`)
  if (!isHis || !consumer.startsWith(`${claims.aud}-`)) figures.mixedUp += 1
  if (claims.exp < Date.now() / 1000) figures.expired += 1
  await exchange.pause(liveEngageMs)
  exchange.answer(200)
}

/** @returns draws one of so many: the second comes half as often as the first, the third a third as often */
function zipf(count: number): (chance: number) => number {
  let sum = 0
  const sums = Array.from({ length: count }, (_, at) => {
    sum += 1 / (at + 1)
    return sum
  })
  return (chance) => sums.findIndex((until) => chance * sum < until)
}

/** @param until the accounts before it get this secret, the others keep theirs */
function writeCredentials(secret: string, until: number): void {
  const credentials = accountIds.map((account, at) => {
    const clientSecret = `${at < until ? secret : 'first'}-${marks.secret}`
    return [account, { clientId: 'capacity', clientSecret }] as const
  })
  writeFileSync(file, JSON.stringify(Object.fromEntries(credentials)))
}

/** @returns the metrics halfway */
async function replaceSecrets(): Promise<string> {
  await setTimeout((minutes * 60_000) / 2)
  writeCredentials('second', replaced)
  return readMetrics(client)
}

async function sample(): Promise<void> {
  for (let count = 1; !isOver(); count += 1) {
    await setTimeout(sampleEveryMs)
    const { nowMb } = proxy.memory()
    peakMb = proxy.memory().peakMb
    if (count % 12 === 0) {
      const { sent } = figures
      say(`  ${count / 12} min: ${round(nowMb)} MB, ${sent} sent, ${seen.size} consumers seen`)
    }
  }
}

function judge(): void {
  const passed = new Reading(after, before)
  const calls = (service: string) => passed.value('upstream_calls_total', { service })
  const lives = Math.ceil(seconds / (tokenSeconds * leastRenewalShare))
  const none = (promise: string, count: number) => report.promise(promise, count === 0, count, 0)
  const most = (promise: string, measured: number, bound: number) =>
    report.promise(promise, measured <= bound, measured, bound)
  none('every message is acknowledged', figures.sent - figures.acknowledged)
  none('no message goes out with the tokens of another account or consumer', figures.mixedUp)
  none('no AppJWT is used after its end', figures.expired)
  none('no SEND that nobody asked for', upstream.strangers)
  none('no secret and no words anywhere', context.leaks.printed + context.leaks.answered)
  most('one ConsumerJWS for each consumer', calls('idp'), seen.size)
  most(
    'AppJWTs: one a life and account, and a new secret',
    calls('sentinel'),
    lives * accounts + replaced,
  )
  most('memory, MB', round(peakMb), mostMb)
  Object.assign(report.figures, {
    ...figures,
    failures: Object.fromEntries(countBy(failures, (code) => code)),
    consumers: seen.size,
    whole: describe(passed, seconds),
    secondHalf: describe(new Reading(after, halfway), seconds / 2),
    peakMb: round(peakMb),
    answerMs: spreadOf(answerMs),
  })
}

function describe(passed: Reading, spanSeconds: number): Record<string, number> {
  const perMinute = (service: string) =>
    round(passed.value('upstream_calls_total', { service }) / (spanSeconds / 60))
  const hits = (metric: string, labels: Record<string, string>) => {
    const share = passed.value(metric, { ...labels, result: 'hit' }) / passed.value(metric, labels)
    return Math.round(share * 10_000) / 100
  }
  const cpuSeconds = passed.value('process_cpu_seconds_total')
  return {
    'hosts, % from the cache': hits('domain_cache_requests_total', {}),
    'AppJWTs, % from the cache': hits('token_cache_requests_total', { token: 'app-jwt' }),
    'ConsumerJWSs, % from the cache': hits('token_cache_requests_total', { token: 'consumer-jws' }),
    'calls of the Domain API a minute': perMinute('domain-api'),
    'calls of Sentinel a minute': perMinute('sentinel'),
    'calls of IDP a minute': perMinute('idp'),
    'CPU, % of one core': round((cpuSeconds / spanSeconds) * 100),
  }
}
