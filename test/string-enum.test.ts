import { Value } from '@sinclair/typebox/value'
import t from 'tap'
import { StringEnum } from '../src/string-enum.ts'

t.test('a closed set of strings takes its values and nothing else', async (t) => {
  const Level = StringEnum(['low', 'high'], { description: 'How loud', default: 'low' })
  t.strictSame(JSON.parse(JSON.stringify(Level)), {
    type: 'string',
    enum: ['low', 'high'],
    description: 'How loud',
    default: 'low',
  })
  const taken = ['low', 'high', 'LOW', '', 'toString', 0, null, undefined, ['low']].filter(
    (value) => Value.Check(Level, value),
  )
  t.strictSame(taken, ['low', 'high'])
})

t.test('it needs neither a description nor a default', async (t) => {
  t.strictSame(JSON.parse(JSON.stringify(StringEnum(['on']))), { type: 'string', enum: ['on'] })
})
