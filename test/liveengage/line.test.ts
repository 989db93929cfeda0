import t from 'tap'
import { Line } from '../../src/liveengage/line.ts'

const people = Array.from({ length: 1_000 }, (_, number) => ({ number }))
const numbers = (line: Line<{ number: number }>) => [...line].map(({ number }) => number)

/** @throws Error where there is none */
function person(number: number): { number: number } {
  const found = people[number]
  if (found === undefined) throw new Error(`nobody has the number ${number}`)
  return found
}

t.test('it keeps the order of coming, whoever leaves', (t) => {
  const line = new Line<{ number: number }>()
  for (const each of people.slice(0, 6)) line.join(each)
  line.leave(person(3))
  t.strictSame(numbers(line), [0, 1, 2, 4, 5])
  line.leave(person(0))
  line.leave(person(0))
  line.leave(person(900))
  t.strictSame(numbers(line), [1, 2, 4, 5])
  t.equal(line.size, 4)
  for (const each of line) line.leave(each)
  t.strictSame(numbers(line), [])
  t.equal(line.size, 0)
  line.join(person(7))
  t.strictSame(numbers(line), [7])
  t.end()
})

t.test('it is as a list would be, whatever happens', (t) => {
  const line = new Line<{ number: number }>()
  let list: number[] = []
  let seed = 1
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  for (let step = 0; step < 20_000; step += 1) {
    const number = random(people.length)
    // Now it grows, now it empties.
    const joins = random(10) < (step % 2_000 < 1_000 ? 7 : 2)
    if (joins && !list.includes(number)) {
      line.join(person(number))
      list.push(number)
    } else {
      const leaving = random(3) === 0 ? number : (list[0] ?? number)
      line.leave(person(leaving))
      list = list.filter((each) => each !== leaving)
    }
    if (line.size !== list.length) break
    if (step % 100 === 0) t.strictSame(numbers(line), list)
  }
  t.strictSame(numbers(line), list)
  t.end()
})
