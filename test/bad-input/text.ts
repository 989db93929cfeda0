/** Texts that a consumer may write, however odd, and texts that no message may hold. */
import fc from 'fast-check'

/** Planted in values: no answer but a success, and no line of the log, may show it. */
export const marker = 'mArKeR'

/** Code points: plain, accented, combining, right to left, invisible, private, no characters at all, pictures, tags. */
const soundRanges: readonly [number, number][] = [
  [0x20, 0x7e],
  [0xa0, 0x2ff],
  [0x300, 0x36f],
  [0x590, 0x6ff],
  [0x2000, 0x206f],
  [0xe000, 0xf8ff],
  [0xfdd0, 0xfdef],
  [0xfeff, 0xfeff],
  [0xfff0, 0xffff],
  [0x1f300, 0x1faff],
  [0xe0001, 0xe007f],
  [0x10fffe, 0x10ffff],
]

const soundCharacter = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom('\t', '\n', '\r') },
  {
    weight: 20,
    arbitrary: fc
      .constantFrom(...soundRanges)
      .chain(([min, max]) => fc.integer({ min, max }))
      .map((codePoint) => String.fromCodePoint(codePoint)),
  },
)

/** Characters as JSON Schema counts them: code points. Where they have a limit, it is reached now and then. */
export function soundText(minLength = 0, limit?: number): fc.Arbitrary<string> {
  const maxLength = limit ?? 40
  const marked = fc
    .string({ unit: soundCharacter, maxLength: Math.max(maxLength - marker.length, 0) })
    .map((text) => `${marker}${text}`)
  const longest = fc.constantFrom('a', '😀').map((each) => each.repeat(maxLength))
  return fc.oneof(
    { weight: 4, arbitrary: fc.string({ unit: soundCharacter, minLength, maxLength }) },
    { weight: 12, arbitrary: marked },
    { weight: 1, arbitrary: longest },
  )
}

/** Key of an object that takes any: names that look dangerous and are not, and odd ones. */
export const soundKey = fc.oneof(
  fc.constantFrom('', 'toString', 'hasOwnProperty', 'constructor', 'then', 'id', 'a/b', '~1', '0'),
  fc.string({ unit: soundCharacter, minLength: 1, maxLength: 12 }),
)

/** Any JSON, a few levels deep. An object under `constructor` would be a poisoned one only with `prototype` in it, which no key here is. */
export const soundJson: fc.Arbitrary<unknown> = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(
      soundText(0, 40),
      fc.boolean(),
      fc.constant(null),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    ),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(soundKey, tie('json'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).json

const unsafeCharacter = fc.oneof(
  fc
    .integer({ min: 0, max: 0x1f })
    .filter((code) => code < 9 || (code !== 10 && code > 9 && code !== 13)),
  fc.integer({ min: 0x7f, max: 0x9f }),
  fc.integer({ min: 0xd800, max: 0xdfff }),
)

/** With a control character, or half of a pair, in a place where the other half is not beside it. */
export const unsafeText = fc
  .tuple(soundText(0, 30), unsafeCharacter, soundText(0, 30))
  .map(([before, code, after]) => `${before}${marker}${String.fromCharCode(code)}-${after}`)
