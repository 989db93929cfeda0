/** Connections that end, stall or drip in the middle of a SEND. */
import { answer, type Exchange } from './exchange.ts'
import type { Fault } from './fault.ts'
import { eitherWay, fault, short } from './making-faults.ts'

const resets: Fault[] = [
  fault('reset', 'reset after the head', async (exchange) => exchange.reset()),
  fault('reset', 'reset after some of the body', async (exchange) => {
    await exchange.pause(1)
    exchange.reset()
  }),
  ...eitherWay('reset', 'reset after the request', (exchange) => exchange.reset()),
  ...eitherWay('reset', 'reset in the middle of the answer', async (exchange) => {
    exchange.write(answer(200, JSON.stringify(exchange.success())).subarray(0, 90))
    await exchange.pause(3)
    exchange.reset()
  }),
]

const closes: Fault[] = [
  fault('close', 'closed after the head', async (exchange) => exchange.close()),
  ...eitherWay('close', 'closed without an answer', (exchange) => exchange.close()),
  ...eitherWay('close', 'closed in the middle of the answer', async (exchange) => {
    exchange.write(answer(200, JSON.stringify(exchange.success())).subarray(0, 90))
    exchange.close()
  }),
]

const hangs: Fault[] = [
  fault('hang', 'silent after the head', (exchange) => exchange.hold(), short),
  ...eitherWay('hang', 'silent after the request', (exchange) => exchange.hold(), short),
  ...eitherWay(
    'hang',
    'silent in the head of the answer',
    async (exchange) => {
      exchange.write('HTTP/1.1 200 OK\r\ncontent-type: appl')
      await exchange.hold()
    },
    short,
  ),
  ...eitherWay(
    'hang',
    'silent in the body of the answer',
    async (exchange) => {
      exchange.write(answer(200, JSON.stringify(exchange.success())).subarray(0, -4))
      await exchange.hold()
    },
    short,
  ),
  fault(
    'hang',
    'processed after the proxy has given up',
    async (exchange) => {
      if (!(await exchange.read())) return
      await exchange.hold()
      await exchange.process()
    },
    short,
  ),
]

async function drip(exchange: Exchange, bytes: Buffer, everyMs: number): Promise<void> {
  for (const byte of bytes) {
    if (exchange.isGone) return
    exchange.write(Buffer.of(byte))
    await exchange.pause(everyMs)
  }
}

const drips: Fault[] = [
  ...eitherWay(
    'drip',
    'one byte every 20 ms',
    (exchange) => drip(exchange, answer(200, JSON.stringify(exchange.success())), 20),
    short,
  ),
  fault(
    'drip',
    'one byte every millisecond, in time',
    async (exchange) => {
      if (!(await exchange.process())) return
      await drip(exchange, answer(200, JSON.stringify(exchange.success())), 1)
    },
    { weight: 0, deadline: 'long' },
  ),
]

const interim: Fault[] = [
  ...eitherWay(
    'endless 1xx',
    '103 for ever',
    async (exchange) => {
      while (!exchange.isGone) {
        exchange.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n')
        await exchange.pause(10)
      }
    },
    short,
  ),
  ...eitherWay(
    'endless 1xx',
    '102 for ever',
    async (exchange) => {
      while (!exchange.isGone) {
        exchange.write('HTTP/1.1 102 Processing\r\n\r\n')
        await exchange.pause(25)
      }
    },
    short,
  ),
  fault(
    'endless 1xx',
    'three times 103, then the answer',
    async (exchange) => {
      if (!(await exchange.process())) return
      for (let count = 0; count < 3; count += 1) exchange.write('HTTP/1.1 103 Early Hints\r\n\r\n')
      exchange.answer(200)
    },
    { weight: 0 },
  ),
]

export const brokenExchanges: Fault[] = [...resets, ...closes, ...hangs, ...drips, ...interim]
