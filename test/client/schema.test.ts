import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { root } from '../docs/page.ts'

test('the types of the client are those of the document', async (t) => {
  const made = execFileSync(process.execPath, ['openapi/client-types.js', '--print'], {
    cwd: root,
    encoding: 'utf8',
  })
  const committed = readFileSync(new URL('src/client/schema.ts', root), 'utf8')
  t.equal(made, committed, 'npm run openapi')
  t.match(committed, '"idempotency-key-in-use"')
  t.notMatch(committed, '| unknown', 'which would allow anything')
})
