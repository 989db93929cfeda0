import { TypeCompiler } from '@sinclair/typebox/compiler'
import t, { type Test } from 'tap'
import { ProblemDetails } from '../../src/problems/details.ts'
import { startProxy } from '../start.ts'
import { openWire } from '../wire.ts'
import { startAlwaysOk } from './always-ok.ts'
import { answersIn, type WireAnswer } from './answers-on-the-wire.ts'
import type { Malformed, Words } from './malformed/request.ts'
import { malformedRequests } from './malformed-requests.ts'

const isProblem = TypeCompiler.Compile(ProblemDetails)

/** Longer than any timeout of the proxy's for a request that does not come whole. */
const longestMs = 30_000

/** Connections at a time: those on which the proxy waits for more must not add up. */
const atOnce = 40

/** Texts that no other case has, so that what LiveEngage hears tells where it is from. */
function wordsOf(index: number): Words {
  const number = String(index).padStart(4, '0')
  return { honest: `{"text":"honest-${number}"}`, smuggled: `{"text":"smuggle${number}"}` }
}

/** Writes a case's bytes and reads until the proxy ends the connection, which it must in time. */
async function converse(
  t: Test,
  url: string,
  { bytes, rest }: Malformed,
  words: Words,
): Promise<string> {
  const wire = await openWire(t, url, Buffer.from(bytes(words), 'latin1'))
  const cut = setTimeout(() => wire.socket.destroy(new Error('it took too long')), longestMs)
  if (rest !== undefined) {
    await wire.until(/^HTTP/)
    wire.socket.write(Buffer.from(rest(words), 'latin1'))
  }
  const received = await wire.ended()
  clearTimeout(cut)
  wire.socket.destroy()
  return wire.socket.errored?.message === 'it took too long' ? 'no end' : received
}

async function converseAll(t: Test, url: string): Promise<string[]> {
  const received: string[] = []
  const cases = malformedRequests.entries()
  const work = async () => {
    for (const [index, each] of cases) {
      received[index] = await converse(t, url, each, wordsOf(index))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return received
}

/** The statuses as they should be; where more than one is right, the one that came. */
function expectedStatuses({ statuses }: Malformed, came: number[]): unknown[] {
  return statuses.map((status, place) =>
    Array.isArray(status) ? (status.find((one) => one === came[place]) ?? status) : status,
  )
}

function checkProblem(t: Test, { status, headers, body }: WireAnswer): void {
  t.match(headers.get('content-type'), /^application\/problem\+json/)
  const problem: unknown = JSON.parse(body)
  t.ok(isProblem.Check(problem), body)
  t.match(problem, { status, delivery: 'not-sent' })
  t.notMatch(body, /smuggle|honest/i, 'it shows nothing of what came')
}

t.test(
  'of a request that can be read in two ways nothing happens but what a strict reading allows',
  async (t) => {
    const upstream = await startAlwaysOk(t)
    const { url, call } = await startProxy(t, upstream.origin)
    const received = await converseAll(t, url)
    const { status } = await call('POST', '/conversations/c1/messages', { text: 'still here' })
    t.equal(status, 201, 'a sound request is served afterwards')
    const sent = upstream.sends().map(({ body }) => String(JSON.parse(body).body.event.message))
    const isExpected = /^(honest-\d{4}|still here)$/
    t.strictSame(
      sent.filter((text) => !isExpected.test(text)),
      [],
      'nothing else was sent',
    )

    for (const [index, each] of malformedRequests.entries()) {
      await t.test(each.name, async (t) => {
        const words = wordsOf(index)
        const isHead = each.bytes(words).startsWith('HEAD')
        const answers = answersIn(received[index] ?? '', isHead)
        const statuses = answers.map((answer) => answer.status)
        t.strictSame(statuses, expectedStatuses(each, statuses))
        if (!isHead) {
          for (const answer of answers) if (answer.status >= 400) checkProblem(t, answer)
        }
        const honest: string = JSON.parse(words.honest).text
        const isAcknowledged = each.isSent === true && statuses.includes(201)
        t.strictSame(
          sent.filter((text) => text === honest),
          isAcknowledged ? [honest] : [],
        )
      })
    }
  },
)
