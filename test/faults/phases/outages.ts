/** The proxy is killed at the worst moment, and an app comes back to all that LivePerson has stored meanwhile. */
import { setTimeout } from 'node:timers/promises'
import type { Context } from '../context.ts'
import type { Fault } from '../fault.ts'
import { round } from '../figures.ts'
import { judge } from '../inbound/judge.ts'
import { type Party, Site } from '../inbound/site.ts'

const installs = 8
const noticesBetweenKills = 10
const floodNotices = 500
/** More than WEBHOOK_MAX_IN_FLIGHT: some are told to come back. */
const floodConversations = 125
/** Far more than LivePerson's longest text. */
const floodCharacters = 20_000

export async function outages(context: Context): Promise<void> {
  const { size, report } = context
  const site = new Site(context, 'outage')
  await site.open(installs)
  await site.start()
  const killed: string[] = []
  for (let kill = 0; kill < size.kills; kill += 1) {
    const load = site.parties.map((party) => bringMany(site, party))
    const { proxy } = site.running
    const random = context.random(`kill ${kill}`)
    if (kill % 2 === 0) killed.push(await killBetween(site, random.pick(site.parties)))
    else {
      await setTimeout(random.between(1, 30))
      proxy.signal('SIGKILL')
    }
    await proxy.ended()
    site.running.client.close()
    context.countLeaksOf(proxy)
    await site.start()
    await Promise.all(load)
  }
  const again = killed.filter((id) => site.ledger.hasComeAgain(id)).length
  const flood = await floodOne(site)
  const { peakMb } = site.running.proxy.memory()
  await site.close()
  judge(context, site, 'outages', { peakMb, mayBeSilent: true })
  report.promise(
    'killed between the app’s 2xx and LivePerson’s 200: it comes again under its id',
    again === killed.length,
    again,
    killed.length,
  )
  report.figures['flood'] = flood
}

async function bringMany(site: Site, party: Party): Promise<void> {
  for (let count = 0; count < noticesBetweenKills; count += 1) {
    await site.happens(party, party.notices.any())
  }
}

/** The app has said 2xx, and the proxy dies before it can read that. @returns the event's id */
async function killBetween(site: Site, party: Party): Promise<string> {
  const { proxy } = site.running
  const notice = party.notices.text('killed', 40)
  const [id = ''] = notice.eventIds
  const fault: Fault = {
    class: 'kill',
    name: 'killed between 2xx and 200',
    deadline: 'normal',
    weight: 1,
    play: async (exchange) => {
      if (!(await exchange.process())) return
      await proxy.freeze()
      exchange.answer(200)
      proxy.signal('SIGKILL')
    },
  }
  party.app.plan(id, [fault])
  void site.happens(party, notice)
  await proxy.ended()
  return id
}

/** All that happens while the app is not there comes at once when it is. */
async function floodOne(site: Site): Promise<Record<string, number>> {
  const [party] = site.parties
  if (party === undefined) throw new Error('a flood needs an installation')
  const { app, install, notices } = party
  await app.gate.behave('refuse')
  const outagesBefore = install.outages
  const settled = Promise.all(
    Array.from({ length: floodNotices }, (_, index) => {
      const conversation = `flood${index % floodConversations}`
      return site.happens(party, notices.text(conversation, floodCharacters))
    }),
  )
  while (install.state !== 'failed') await setTimeout(5)
  const began = performance.now()
  await app.gate.behave('open')
  await settled
  return {
    notifications: floodNotices,
    seconds: round((performance.now() - began) / 1000),
    outages: install.outages - outagesBefore,
  }
}
