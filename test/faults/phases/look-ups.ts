/** The Domain API fails, or lies: nothing is sent, and no token goes to a host that is not LivePerson's. */
import type { Context } from '../context.ts'
import { answer } from '../exchange.ts'
import type { Fault } from '../fault.ts'
import { Gate } from '../gate.ts'
import { playLane } from '../lane.ts'
import { deal, drawScript, longestDeadlineMs } from '../script.ts'
import type { SideCall, SideScript } from '../upstream.ts'

const lanes = 4

export async function lookUps(context: Context): Promise<void> {
  const { upstream, size, trap } = context
  const gate = await context.host('look', new Gate({ open: (socket) => upstream.serve(socket) }))
  const running = await context.start([gate], {
    REQUEST_TIMEOUT_MS: String(longestDeadlineMs),
    LOG_LEVEL: 'trace',
  })
  const scripts = scriptsOf(trap.port, gate.port)
  const faults = [...scripts.keys()].map(
    (name): Fault => ({
      class: 'look-up',
      name,
      deadline: /silent/.test(name) ? 'short' : 'normal',
      weight: 2,
    }),
  )
  const script = drawScript(context.random('look-ups'), faults, size.lookUpFaults)
  await Promise.all(
    deal(script, lanes).map(async (steps, at) => {
      for (const [index, step] of steps.entries()) {
        // An account that was never looked up before, for each message.
        const account = `look${at}n${index}`
        await context.host(account, gate)
        const side = scripts.get(step.fault.name)
        if (side !== undefined) upstream.sideScripts.set(`domain ${account}`, side)
        const lane = { phase: 'look-ups', name: `${at}-${index}`, account, gate }
        await playLane(context, { ...lane, client: running.client }, [step])
      }
    }),
  )
  await context.stop(running)
  gate.close()
}

function scriptsOf(trapPort: number, goodPort: number): Map<string, SideScript> {
  const naming = (host: string): SideScript => {
    return ({ socket, account }) => {
      const entry = { service: 'asyncMessagingEnt', account, baseURI: host }
      socket.write(answer(200, JSON.stringify({ baseURIs: [entry] })))
    }
  }
  const saying = (status: number, body: string, headers?: Record<string, string>): SideScript => {
    return ({ socket }) => void socket.write(answer(status, body, headers))
  }
  const once = (script: SideScript): SideScript => {
    return (call: SideCall) => (call.attempt === 1 ? script(call) : call.succeed())
  }
  const reset: SideScript = ({ socket }) => void socket.resetAndDestroy()
  const location = `http://localhost:${trapPort}/api/account/x/service/y/baseURI.json?version=1.0`
  return new Map<string, SideScript>([
    ['500', saying(500, '{}')],
    ['500, once', once(saying(500, '{}'))],
    ['reset', reset],
    ['reset, once', once(reset)],
    ['closed', ({ socket }) => void socket.destroySoon()],
    ['silent', () => undefined],
    ['silent, once', once(() => undefined)],
    ['HTML', saying(200, '<h1>Back soon</h1>')],
    ['JSON that is cut', saying(200, '{"service":"asyncMessagingEnt","acc')],
    ['an empty list', saying(200, '{"baseURIs":[]}')],
    ['400', saying(400, '{}')],
    ['404', saying(404, '{}')],
    ['429', saying(429, '{}')],
    ['4 MB', saying(200, ' '.repeat(4_000_000))],
    ['a redirect', saying(307, '', { location })],
    ['a host that is not allowed', naming(`localhost:${trapPort}`)],
    ['an address', naming(`127.0.0.1:${trapPort}`)],
    ['an address in disguise', naming(`2130706433:${trapPort}`)],
    ['a host with a user', naming(`localhost:${goodPort}@localhost:${trapPort}`)],
    ['a host with a path', naming(`localhost:${goodPort}/../x`)],
    ['a host with a scheme', naming(`http://localhost:${trapPort}`)],
    ['a host behind a line end', naming(`localhost:${goodPort}\r\nx: localhost:${trapPort}`)],
  ])
}
