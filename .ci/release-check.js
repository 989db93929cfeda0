/** Says what is missing before a release of the package and of the image; ends with 1 if anything is. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import process from 'node:process'

const read = (file) => readFileSync(file, 'utf8')
const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim()

const { name, version, repository, private: isPrivate } = JSON.parse(read('package.json'))
const lockfile = JSON.parse(read('package-lock.json'))
const changelog = read('CHANGELOG.md')
const [, unreleased = ''] = /^## Unreleased\n(.*?)(?=^## |(?![\s\S]))/ms.exec(changelog) ?? []
const tag = `v${version}`
const taggedCommit = git('tag', '-l', tag) === '' ? '' : git('rev-list', '-n', '1', tag)
const deployed = git('grep', '-hoE', 'newTag: .*', '--', 'deploy').split('\n')

/** What a release needs, and what to do where it is not so. */
const needs = [
  [git('status', '--porcelain') === '', 'Nothing is uncommitted', 'commit it, or take it back'],
  [
    // Of a tag a checkout has no branch.
    git('for-each-ref', '--contains', 'HEAD', 'refs/heads/main', 'refs/remotes/origin/main') !== '',
    'This commit is on main',
    'git switch main',
  ],
  [
    ['', git('rev-parse', 'HEAD')].includes(taggedCommit),
    `${tag} is new, or this commit`,
    'npm version <the next one> --no-git-tag-version',
  ],
  [
    lockfile.version === version && lockfile.packages['']?.version === version,
    `package-lock.json has the version ${version}`,
    'npm install --package-lock-only',
  ],
  [
    JSON.parse(read('openapi/openapi.json')).info.version === version,
    `openapi/openapi.json has the version ${version}`,
    'npm run openapi',
  ],
  [
    deployed.every((line) => line.replace(/^newTag: |["']/g, '') === version),
    `The manifests in deploy name the image ${version}`,
    'set each newTag',
  ],
  [
    new RegExp(`^## \\[?${version.replaceAll('.', '\\.')}\\]? - \\d{4}-\\d\\d-\\d\\d$`, 'm').test(
      changelog,
    ),
    `CHANGELOG.md has "## ${version} - <date>"`,
    'give what is Unreleased that heading',
  ],
  [unreleased.trim() === '', 'Nothing in CHANGELOG.md is unreleased', 'move it below the heading'],
  [isPrivate !== true, 'The package is not private', 'take "private" out of package.json'],
  [
    repository?.url !== undefined,
    `package.json names the repository: provenance of ${name} is proved against it`,
    'npm pkg set repository.url=<its public address>',
  ],
]

const missing = needs.filter(([isSo]) => !isSo)
const lines = needs.map(([isSo, need, remedy]) =>
  isSo ? `ok       ${need}` : `MISSING  ${need}. To do: ${remedy}`,
)
const verdict =
  missing.length === 0
    ? `${tag} can be released.`
    : `${missing.length} of ${needs.length} are missing.`
process.stdout.write(`${lines.join('\n')}\n\n${verdict}\n`)
process.exitCode = missing.length === 0 ? 0 : 1
