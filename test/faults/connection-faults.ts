/** The table of faults, continued: what happens to connections, before any of a message is read. */
import type { Fault } from './fault.ts'
import { succeed } from './fault.ts'

/** @param tries how many failures one message may be: a connection that was not made is tried again */
function atTheGate(
  className: string,
  name: string,
  gate: NonNullable<Fault['gate']>,
  deadline: Fault['deadline'] = 'normal',
): Fault {
  return { class: className, name, gate, deadline, weight: 2 }
}

const gateFaults: Fault[] = [
  atTheGate('refused', 'connection refused', 'refuse'),
  atTheGate('reset', 'reset as soon as it is connected', 'reset'),
  atTheGate('close', 'closed as soon as it is connected', 'close'),
  atTheGate('hang', 'connected, and never read', 'never-read', 'short'),
]

const idleFaults: Fault[] = (['close', 'reset'] as const).flatMap((end): Fault[] => {
  const common = { class: 'idle connection', deadline: 'normal', weight: 1 } as const
  const done = end === 'close' ? 'closed' : 'reset'
  const before = { ...common, name: `${done} while idle`, idle: { end, when: 'before' } } as const
  const meanwhile = {
    ...common,
    name: `${done} as the next request comes`,
    idle: { end, when: 'meanwhile' },
  } as const
  // Twice: the moment is another each time, and most moments are harmless.
  return [before, meanwhile, meanwhile]
})

const keepAliveHints: Fault[] = [
  ['connection: close in the answer', { connection: 'close' }],
  ['keep-alive: timeout=0 in the answer', { 'keep-alive': 'timeout=0' }],
].map(([name, headers]) => ({
  class: 'idle connection',
  name: String(name),
  deadline: 'normal',
  weight: 0,
  play: async (exchange) => {
    if (!(await exchange.process())) return
    exchange.answer(200, undefined, Object.fromEntries(Object.entries(headers ?? {})))
    exchange.close()
  },
}))

export const connectionFaults: Fault[] = [
  ...gateFaults,
  ...idleFaults,
  ...keepAliveHints,
  {
    class: 'idle connection',
    name: 'closed right behind the answer',
    deadline: 'normal',
    weight: 0,
    play: async (exchange) => {
      await succeed(exchange)
      exchange.close()
    },
  },
]

/** Those of a TLS gate. */
export const tlsFaults: Fault[] = [
  atTheGate('TLS', 'certificate of another host', 'wrong-name'),
  atTheGate('TLS', 'certificate of an unknown authority', 'untrusted'),
  atTheGate('TLS', 'certificate that has expired', 'expired'),
  atTheGate('TLS', 'closed in the handshake', 'close-in-handshake'),
  atTheGate('TLS', 'reset in the handshake', 'reset-in-handshake'),
  atTheGate('TLS', 'silent in the handshake', 'hang-in-handshake', 'short'),
  atTheGate('TLS', 'no TLS at all', 'plain-http'),
]
