import { execFileSync } from 'node:child_process'
import { copyFileSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { readPage } from '../docs/page.ts'
import { inLongRuns } from '../long-runs.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

test(
  'a start of the sandbox builds what has changed, and nothing that is built',
  inLongRuns,
  (t) => {
    const folder = t.testdir({
      'package.json': '{"type":"module"}',
      src: {
        'index.ts': '',
        'server.ts': '',
        'old.ts': '',
        app: { 'app.ts': '' },
        client: {},
        config: { 'config.ts': '' },
        routes: { docs: { 'docs.css': '', 'docs.js': '' } },
        sandbox: {
          'interface.ts': '',
          'sandbox.ts': '',
          'server.ts': '',
          desk: { page: { 'main.tsx': '', 'index.html': '', 'desk.css': '' } },
        },
      },
    })
    copyFileSync(`${root}build.js`, `${folder}/build.js`)
    symlinkSync(`${root}node_modules`, `${folder}/node_modules`)
    const build = () => {
      execFileSync(process.execPath, ['build.js', '--if-needed'], { cwd: folder, stdio: 'inherit' })
      return statSync(`${folder}/dist/server.js`).mtimeMs
    }
    const age = (path: string, seconds: number) => {
      const time = new Date(Date.now() - seconds * 1000)
      utimesSync(`${folder}/${path}`, time, time)
    }
    const built = build()
    t.equal(build(), built, 'nothing has changed')
    for (const [name, change] of [
      ['a source that is newer', () => age('src/app/app.ts', -1)],
      ['a source that is gone', () => rmSync(`${folder}/src/old.ts`)],
      ['other dependencies', () => age('package.json', -1)],
      ['a build that did not come to its end', () => age('dist/server.js', 3600)],
    ] as const) {
      const before = build()
      change()
      t.not(build(), before, name)
      for (const path of ['src/app/app.ts', 'package.json']) age(path, 60)
    }
    const { scripts } = JSON.parse(readPage('package.json'))
    t.equal(scripts.presandbox, 'node build.js --if-needed')
    t.equal(scripts['presandbox:only'], 'node build.js --if-needed')
    t.end()
  },
)
