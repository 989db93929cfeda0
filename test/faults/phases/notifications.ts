/** LivePerson's notifications to apps that misbehave: nothing is lost, nothing acknowledged too early, and the order holds. */
import { setTimeout } from 'node:timers/promises'
import { connectionFaults } from '../connection-faults.ts'
import type { Context } from '../context.ts'
import type { Fault } from '../fault.ts'
import { messageFaults } from '../faults.ts'
import { percentile, spreadOf } from '../figures.ts'
import { judge } from '../inbound/judge.ts'
import type { Notice } from '../inbound/notices.ts'
import { type Party, Site } from '../inbound/site.ts'
import { hops, shut } from '../lane.ts'

/** Three notifications of each on their way: fewer than WEBHOOK_MAX_IN_FLIGHT, or LivePerson would be told to come back. */
const installs = 16
const mostOverrunMs = 100
/** A new process runs its first requests many times slower than the rest. */
const warmingNotices = 1_000
const restartMs = 1_000

const restart: Fault = {
  class: 'restart',
  name: `connection refused for ${restartMs} ms`,
  gate: 'refuse',
  deadline: 'normal',
  weight: 1,
}

const accepted: Fault[] = [200, 201, 202, 299].map((status) => ({
  class: 'accepted',
  name: String(status),
  deadline: 'normal',
  weight: 0,
  play: async (exchange) => {
    if (await exchange.process()) exchange.answer(status, '')
  },
}))

type Tally = { faults: number; restarts: number; bridged: number }

export async function notifications(context: Context): Promise<void> {
  const { size, report, trap } = context
  const site = new Site(context, 'inbound')
  await site.open(installs)
  const running = await site.start()
  await warmUp(site)
  const faults = [
    ...messageFaults(trap.origin),
    ...connectionFaults,
    ...accepted,
    ...Array.from({ length: 5 }, () => restart),
  ]
  const random = context.random('notifications')
  const deck: Fault[] = []
  while (deck.length < size.notificationFaults) deck.push(...random.shuffle(faults))
  const tally: Tally = { faults: 0, restarts: 0, bridged: 0 }
  await Promise.all(
    site.parties.map(async (party, at) => {
      const own = deck.slice(0, size.notificationFaults).filter((_, turn) => turn % installs === at)
      for (const [step, fault] of own.entries()) {
        await playFault(site, party, fault, tally)
        await playLivePersonsOwn(site, party, step)
      }
    }),
  )
  const { peakMb } = running.proxy.memory()
  await site.close()
  judge(context, site, 'notifications', { peakMb })
  const { leastNotificationFaults: least } = size
  report.promise(
    'notifications: enough faults that came to be',
    tally.faults >= least,
    tally.faults,
    least,
  )
  report.promise(
    'an app’s restart of a second is bridged: LivePerson notices nothing',
    tally.bridged === tally.restarts,
    `${tally.bridged} of ${tally.restarts}`,
    tally.restarts,
  )
  const late = site.overrunMs
  report.figures['notificationsLateMs'] = spreadOf(late)
  report.promiseTime(
    'notifications: answers come soon after their deadline (p99)',
    percentile(late, 0.99),
    mostOverrunMs,
    running.noiseMs,
  )
}

async function warmUp(site: Site): Promise<void> {
  await Promise.all(
    site.parties.map(async (party) => {
      for (let count = 0; count < warmingNotices / installs; count += 1) {
        await site.happens(party, party.notices.any())
      }
    }),
  )
  site.overrunMs.length = 0
}

/** One notification that meets the fault, and two beside it that share its fate. */
async function playFault(site: Site, party: Party, fault: Fault, tally: Tally): Promise<void> {
  const { notices, app, install, random } = party
  const unlucky = notices.wanted()
  const key = unlucky.isChatState ? unlucky.name : random.pick(unlucky.eventIds)
  const times = fault.deadline === 'short' || fault.gate === 'refuse' ? 1 : random.pick([1, 1, 3])
  if (fault.play !== undefined) {
    const faults = Array.from({ length: times }, () => fault)
    app.plan(key, faults)
  }
  const failuresBefore = install.failures
  if (fault.gate !== undefined) await shut(app.gate, fault.gate)
  if (fault.idle?.when === 'before') {
    app.gate.drop(fault.idle.end)
    await hops(random.between(0, 8))
  }
  const all = [unlucky, notices.any(), notices.any()].map((notice) => site.happens(party, notice))
  const settled = Promise.all(all)
  if (fault.idle?.when === 'meanwhile') {
    await hops(random.between(0, 8))
    app.gate.drop(fault.idle.end)
  }
  if (fault === restart) await setTimeout(restartMs)
  else if (fault.gate !== undefined)
    await untilItFailed(settled, () => install.failures >= failuresBefore + times)
  if (fault.gate !== undefined) {
    await app.gate.behave('open')
    app.gate.drop('reset')
  }
  await settled
  if (fault === restart) {
    tally.restarts += 1
    if (install.failures === failuresBefore) tally.bridged += 1
  }
  if (fault.play === undefined || app.met.has(key)) tally.faults += 1
}

async function untilItFailed(settled: Promise<unknown>, hasFailed: () => boolean): Promise<void> {
  let isSettled = false
  void settled.then(() => {
    isSettled = true
  })
  while (!isSettled && !hasFailed()) await setTimeout(5)
}

/** What LivePerson does by itself: the same again, in another order, a connection that breaks. */
async function playLivePersonsOwn(site: Site, party: Party, step: number): Promise<void> {
  const { install, notices } = party
  const notice: Notice = notices.any()
  switch (step % 3) {
    case 0:
      await site.happens(party, notice)
      await Promise.all([install.repeat(notice), install.repeat(notice)])
      break
    case 1: {
      const [first, second] = notices.loosePair()
      await Promise.all([site.happens(party, second), site.happens(party, first)])
      break
    }
    default:
      install.breakOff(notice, step % 2 === 0 ? 'in the body' : 'before the answer')
      await site.happens(party, notice)
  }
}
