import t from 'tap'
import { nearestName } from '../../src/problems/nearest-name.ts'

t.test('a name is taken for the known one that it nearly is, and for no other', (t) => {
  const known = ['text', 'dialogId', 'conversationContext', 'id']
  for (const [name, nearest] of [
    ['txet', 'text'],
    ['Text', 'text'],
    ['dialogID', 'dialogId'],
    ['dialog_id', 'dialogId'],
    ['konversationKontext', 'conversationContext'],
    ['message', undefined],
    ['di', undefined],
    ['', undefined],
  ] as const) {
    t.equal(nearestName(name, known), nearest, name)
  }
  t.equal(nearestName('text', []), undefined)
  t.end()
})
