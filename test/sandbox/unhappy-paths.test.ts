import t from 'tap'
import { openElsewhere, takeUnhappyPath } from '../../src/sandbox/agent/unhappy-paths.ts'
import { createMemory } from './fixtures/state.ts'

t.test('a duplicate needs something to repeat', async (t) => {
  const { state } = createMemory()
  const conversation = openElsewhere(state, 'acme')
  state.installs.clear()
  t.equal(
    takeUnhappyPath(state, conversation, { kind: 'duplicate' }),
    'There is no notification of this conversation to send again.',
  )
  t.equal(state.installs.journal.size(), 0)
})
