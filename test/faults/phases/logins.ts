/** With credentials of the proxy's own: Sentinel and IDP fail, and LiveEngage refuses the tokens they gave. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { answer } from '../exchange.ts'
import type { Fault } from '../fault.ts'
import { messageFaults } from '../faults.ts'
import { Gate } from '../gate.ts'
import { noteOverrun } from '../lane.ts'
import { asConsumer, compose } from '../message.ts'
import { deal, drawScript, longestDeadlineMs } from '../script.ts'
import type { SideScript } from '../upstream.ts'

const lanes = 4
const messageFaultShare = 12

export async function logins(context: Context): Promise<void> {
  const { upstream, size, oracle, marks } = context
  const random = context.random('logins')
  const folder = mkdtempSync(join(tmpdir(), 'faults-'))
  const gate = await context.host('login', new Gate({ open: (socket) => upstream.serve(socket) }))
  const script = drawScript(
    random,
    [
      ...loginFaults(),
      ...random.shuffle(messageFaults(context.trap.origin)).slice(0, messageFaultShare),
    ],
    size.loginFaults,
  )
  // A failed login is remembered for its account, so each such fault has one of its own.
  const steps = script.map((step, index) => ({
    step,
    account: step.fault.name in sideScripts ? `login${index}` : 'login',
  }))
  const accounts = new Set(steps.map(({ account }) => account))
  for (const account of accounts) await context.host(account, gate)
  const credentials = [...accounts].map((account) => [
    account,
    { clientId: 'faults', clientSecret: `client-${marks.secret}` },
  ])
  const file = join(folder, 'credentials.json')
  writeFileSync(file, JSON.stringify(Object.fromEntries(credentials)))
  const running = await context.start([gate], {
    LP_CREDENTIALS_FILE: file,
    REQUEST_TIMEOUT_MS: String(longestDeadlineMs),
    LOG_LEVEL: 'trace',
  })
  const accountOf = new Map(steps.map(({ step, account }) => [step, account]))
  await Promise.all(
    deal(script, lanes).map(async (dealt, at) => {
      for (const [index, step] of dealt.entries()) {
        const { fault, times, deadlineMs } = step
        const id = `logins-${at}-${index}`
        const account = accountOf.get(step) ?? 'login'
        const side = sideScripts[fault.name]
        const [kind = ''] = fault.name.toLowerCase().split(' ')
        if (side !== undefined) {
          upstream.sideScripts.set(`${kind} ${kind === 'idp' ? id : account}`, side)
        }
        // A resend with a newer token is outside the retry budget.
        oracle.expect(id, 'logins', fault, /40102|40103/.test(fault.name))
        upstream.plan(
          id,
          Array.from({ length: times }, () => fault),
        )
        const call = compose(marks, id, account, deadlineMs, step.bulk)
        const said = await running.client.call(asConsumer(call, id))
        oracle.answered(id, said)
        noteOverrun(context, id, said, deadlineMs)
      }
    }),
  )
  await context.stop(running)
  gate.close()
  rmSync(folder, { recursive: true })
}

/** What Sentinel and IDP do, by the name of the fault. */
const sideScripts: Record<string, SideScript> = Object.fromEntries(
  ['Sentinel', 'IDP'].flatMap((service) =>
    Object.entries(scriptsOfOne()).map(([name, script]) => [`${service} ${name}`, script]),
  ),
)

function scriptsOfOne(): Record<string, SideScript> {
  const saying = (status: number, body: string): SideScript => {
    return ({ socket }) => void socket.write(answer(status, body))
  }
  return {
    '500': saying(500, '{}'),
    '500, once': (call) => (call.attempt === 1 ? saying(500, '{}')(call) : call.succeed()),
    reset: ({ socket }) => void socket.resetAndDestroy(),
    closed: ({ socket }) => void socket.destroySoon(),
    silent: () => undefined,
    HTML: saying(200, '<h1>Back soon</h1>'),
    'no token': saying(200, '{}'),
    '401': saying(401, '{}'),
    '429': saying(429, '{}'),
    'an answer that quotes what it got': ({ socket, body, head }) =>
      void socket.write(answer(400, JSON.stringify({ error: `${body} ${[...head.headers]}` }))),
  }
}

function loginFaults(): Fault[] {
  const services = Object.keys(sideScripts).map(
    (name): Fault => ({
      class: 'login',
      name,
      deadline: name.endsWith('silent') ? 'short' : 'normal',
      weight: 2,
    }),
  )
  const refused = [40102, 40103].map(
    (errorCode): Fault => ({
      class: 'login',
      name: `SEND refuses the proxy's token with ${errorCode}, not processed`,
      deadline: 'normal',
      weight: 0,
      play: async (exchange) => {
        if (!(await exchange.read())) return
        exchange.answer(401, { code: 401, body: { title: 'Invalid token', errorCode } })
      },
    }),
  )
  return [...services, ...refused]
}
