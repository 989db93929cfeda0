import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { createCertificate } from '../../src/sandbox/certificate.ts'

t.test('a TLS session is resumed after its connection and a full collection', async (t) => {
  const { key, cert } = createCertificate(Date.now())
  const pem = join(t.testdir(), 'localhost.pem')
  writeFileSync(pem, key + cert)
  const fixture = fileURLToPath(new URL('fixtures/resume-session.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...process.execArgv, '--expose-gc', fixture, pem],
    { env: { ...process.env, NODE_EXTRA_CA_CERTS: pem } },
  )
  t.equal(stdout, 'resumed')
})
