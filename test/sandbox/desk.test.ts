import { test } from 'tap'
import { wants } from '../programs.ts'
import { playConversation } from './fixtures/desk.ts'

for (const scheme of ['light', 'dark'] as const) {
  test(
    `a whole conversation is played at the desk, 1280 px wide and ${scheme}`,
    wants('chromium'),
    (t) => playConversation(t, 1280, scheme),
  )
}
