import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { readPage } from '../docs/page.ts'
import { wants } from '../programs.ts'

const script = fileURLToPath(new URL('../../.ci/release-check.js', import.meta.url))

/** A repository in which all is ready for 1.2.3. */
const ready = {
  'package.json': JSON.stringify({
    name: 'liveengage-proxy',
    version: '1.2.3',
    repository: { url: 'https://example.com/liveengage-proxy.git' },
  }),
  'package-lock.json': JSON.stringify({ version: '1.2.3', packages: { '': { version: '1.2.3' } } }),
  'CHANGELOG.md': '# Changelog\n\n## Unreleased\n\n## 1.2.3 - 2026-11-29\n\n- All.\n',
  openapi: { 'openapi.json': '{"info":{"version":"1.2.3"}}' },
  deploy: { 'kustomization.yaml': 'images:\n  - newTag: 1.2.3\n' },
}

test('it says of each thing whether it is ready for a release', wants('git'), async (t) => {
  const folder = t.testdir(ready)
  const git = (...args: string[]) => {
    const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.com']
    return execFileSync('git', [...who, ...args], { cwd: folder, encoding: 'utf8' })
  }
  const commit = () => git('commit', '--quiet', '--allow-empty', '--message', 'all')
  const check = () => {
    const env = { PATH: process.env['PATH'] }
    const { status, stdout } = spawnSync(process.execPath, [script], { cwd: folder, env })
    const missing = [...String(stdout).matchAll(/^MISSING {2}(.*?)(?:, |: |\. To)/gm)]
    return { status, missing: missing.map(([, need]) => need) }
  }
  git('init', '--quiet', '--initial-branch', 'main')
  git('add', '.')
  commit()
  t.strictSame(check(), { status: 0, missing: [] })
  for (const form of [[], ['--annotate', '--message', '1.2.3']]) {
    git('tag', '--force', ...form, 'v1.2.3')
    t.strictSame(check(), { status: 0, missing: [] }, 'tagged already')
  }
  git('checkout', '--quiet', 'v1.2.3')
  t.strictSame(check(), { status: 0, missing: [] }, 'the tag is checked out, as a pipeline does')
  git('switch', '--quiet', 'main')

  for (const [file, content, need] of [
    [
      'package-lock.json',
      '{"version":"1.2.2","packages":{}}',
      'package-lock.json has the version 1.2.3',
    ],
    [
      'openapi/openapi.json',
      '{"info":{"version":"1.2.2"}}',
      'openapi/openapi.json has the version 1.2.3',
    ],
    [
      'deploy/kustomization.yaml',
      'newTag: "1.2.2"\n',
      'The manifests in deploy name the image 1.2.3',
    ],
    [
      'CHANGELOG.md',
      '## Unreleased\n\n- More.\n\n## 1.2.3 - 2026-11-29\n',
      'Nothing in CHANGELOG.md is unreleased',
    ],
    ['CHANGELOG.md', '## 1.2.2 - 2026-11-29\n', 'CHANGELOG.md has "## 1.2.3 - <date>"'],
  ] as const) {
    writeFileSync(`${folder}/${file}`, content)
    t.strictSame(check(), { status: 1, missing: ['Nothing is uncommitted', need] }, file)
    git('checkout', '--quiet', '.')
  }
  commit()
  t.match(check(), { status: 1, missing: ['v1.2.3 is new'] }, 'the tag is of another commit')
  git('switch', '--quiet', '--create', 'other')
  commit()
  t.ok(check().missing.includes('This commit is on main'))
})

test('it runs before the package is published, and by hand', async (t) => {
  const { scripts } = JSON.parse(readPage('package.json'))
  t.match(scripts, {
    'release:check': 'node .ci/release-check.js',
    prepublishOnly: 'npm run release:check',
  })
})
