import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { test } from 'tap'
import { usage } from '../../src/cli/command-line.ts'
import { blocks, readPage, root } from './page.ts'

const page = readPage('docs/doctor.md')

test('the page of the doctor shows what it prints on the sandbox', async (t) => {
  const [command, printed] = blocks(page)
  t.equal(command?.text, 'SANDBOX=true node dist/server.js doctor')
  const { stdout } = await promisify(execFile)('sh', ['-c', command?.text ?? 'false'], {
    cwd: root,
    // The bundle's source maps would count its lines beside those of the sources.
    env: { PATH: process.env['PATH'], _TAPJS_PROCESSINFO_COVERAGE_: '0' },
  })
  /** The port and the envelope’s id are others each time; some machines have two addresses for localhost. */
  const normalize = (text: string) =>
    text
      .trim()
      .replace(/localhost:\d+( is [^;\n]+)?/g, 'localhost:0')
      .replace(/[0-9a-f-]{36}/, 'id')
  t.equal(normalize(stdout), normalize(printed?.text ?? ''))
})

test('the page of the doctor has every option that its usage has', async (t) => {
  const [, own = ''] = /\n {2}doctor(.*?)\n {2}--check-config/s.exec(usage) ?? []
  const known = [...own.matchAll(/ (--[\w-]+)/g)].map(([, option]) => option)
  const listed = [...page.matchAll(/^\| `(--[\w-]+)/gm)].map(([, option]) => option)
  t.equal(known.length, 4)
  t.strictSame(listed, known)
})
