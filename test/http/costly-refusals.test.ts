/** What 30 KB of a wrong body cost. The measure is a plain look at each character, since machines and their loads differ. */
import t from 'tap'
import { readJsonText } from '../../src/http/json-body.ts'
import { findChangedNumber } from '../../src/http/json-numbers.ts'
import { describeFault } from '../../src/problems/json-place.ts'

const ones = Array(14_000).fill('1').join(',')
const long = '9007199254740993'

/** The least of many, so that what else the machine does counts for little. */
function leastMs(work: () => unknown): number {
  const times = Array.from({ length: 200 }, () => {
    const begun = performance.now()
    work()
    return performance.now() - begun
  })
  return Math.min(...times)
}

function look(text: string): number {
  let sum = 0
  for (let at = 0; at < text.length; at += 1) sum += text.charCodeAt(at)
  return sum
}

t.test('a wrong body costs no more than some looks at its characters', async (t) => {
  const cases: [string, number, string, (text: string) => unknown][] = [
    ['where JSON is broken', 21, `{"n":[${ones}`, describeFault],
    ['which number changes', 13, `[${ones},${long}]`, findChangedNumber],
    ['a body that is right', 8, `[[[[${ones}]]]]`, readJsonText],
  ]
  for (const [name, most, text, work] of cases) {
    // What else the machine does may disturb one round, and rarely five.
    const rounds = [1, 2, 3, 4, 5].map(() => leastMs(() => work(text)) / leastMs(() => look(text)))
    const looks = Math.min(...rounds)
    t.ok(looks < most, `${name}: ${Math.round(looks)} looks`)
  }
})
