import fc from 'fast-check'
import { test } from 'tap'
import { describeFault, findFault } from '../../src/problems/json-place.ts'
import { start } from '../start.ts'

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const places: [text: string, line: number, column: number, isEnd?: true][] = [
  ['', 1, 1, true],
  ['  ', 1, 3, true],
  ['secret words', 1, 1],
  ['{"text":"secret', 1, 9],
  ['{"text":"Hi",}', 1, 14],
  ['{"text":"Hi"', 1, 13, true],
  ['{"text":"Hi"}{}', 1, 14],
  ['{"text":"Hi"}]', 1, 14],
  ['{\n  "text": "Hi",\n  text: 1\n}', 3, 3],
  ['{\r\n  "a": 1,\r\n  "b" 2}', 3, 7],
  ['{\r"a": x}', 2, 6],
  ["{'a': 1}", 1, 2],
  ['{"a": 01}', 1, 8],
  ['{"a": .5}', 1, 7],
  ['{"a": +1}', 1, 7],
  ['{"a": NaN}', 1, 7],
  ['{"a": 1 // one\n}', 1, 9],
  ['{"a": "line\nbreak"}', 1, 7],
  ['{"a": "\\x41"}', 1, 7],
  ['{"a": "\\u12"}', 1, 7],
  ['{"🙂é": x}', 1, 8],
  ['\ufeff{}', 1, 1],
  ['[1,]', 1, 4],
  ['[1 2]', 1, 4],
  ['[1}', 1, 3],
  ['[,1]', 1, 2],
  ['{"a":1]', 1, 7],
  ['{1:2}', 1, 2],
  ['{"a",1}', 1, 5],
  ['{[', 1, 2],
  [':', 1, 1],
  ['[1:2]', 1, 3],
  ['[[[[', 1, 5, true],
]

test('the place where a text stops being JSON has a line and a column', async (t) => {
  for (const [text, line, column, isEnd = false] of places) {
    t.strictSame(findFault(text), { line, column, isEnd }, JSON.stringify(text))
    t.notOk(isJson(text))
  }
})

test('it is found exactly where JSON.parse refuses, whatever the text', async () => {
  const piece = fc.constantFrom(
    ...[
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"a"',
      '"',
      '\\',
      '1',
      '-',
      '.',
      'e',
      '0',
      'true',
      'nul',
      ' ',
      '\n',
      '\u0001',
    ],
  )
  const pieces = fc.array(piece, { maxLength: 12 }).map((all) => all.join(''))
  fc.assert(
    fc.property(pieces, (text) => (findFault(text) === undefined) === isJson(text)),
    { numRuns: 5000 },
  )
  fc.assert(fc.property(fc.json(), (text) => findFault(text) === undefined))
  fc.assert(
    fc.property(fc.json(), fc.nat(), (text, seed) => {
      const cut = text.slice(0, seed % (text.length + 1))
      return (findFault(cut) === undefined) === isJson(cut)
    }),
  )
})

test('there is nothing to say of a text that is JSON', async (t) => {
  t.equal(describeFault('{"text": "Hi"}'), '')
})

test('deep nesting and long strings are no trouble', async (t) => {
  t.strictSame(findFault('['.repeat(1_000_000)), { line: 1, column: 1_000_001, isEnd: true })
  t.strictSame(findFault(`["${'\\n'.repeat(500_000)}"`), {
    line: 1,
    column: 1_000_004,
    isEnd: true,
  })
})

test('a body that is no JSON gets its line and column, and never its content', async (t) => {
  const { call } = await start(t)
  for (const [body, message] of [
    ['{\n  "text": secret\n}', 'must be valid JSON; it is not at line 2, column 11'],
    ['{"text": "Hi"', 'must be valid JSON; it ends too early, at line 1, column 14'],
  ] as const) {
    const answer = await call('POST', '/conversations/c1/messages', body)
    t.match(answer, {
      status: 400,
      body: { errors: [{ path: '', message }], detail: `The body ${message}.` },
    })
    t.notMatch(JSON.stringify(answer.body), 'secret')
  }
})
