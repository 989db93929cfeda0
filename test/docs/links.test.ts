import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'tap'
import { readPage, root } from './page.ts'

const folders = ['', 'docs/', 'deploy/haproxy/', 'deploy/kubernetes/', 'src/sandbox/', 'bench/']
const pages = [...folders, 'test/faults/'].flatMap((folder) =>
  readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}${name}`),
)

/** A page without its code, where a bracket is no link and a number sign no heading. */
function prose(path: string): string {
  return readPage(path).replace(/^```.*?^```$/gms, '')
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

type Link = { page: string; target: URL; anchor: string | undefined }

const links: Link[] = pages.flatMap((page) => {
  const url = new URL(page, root)
  return [...prose(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].map(
    ([, path = '', anchor]) => ({ page, target: path === '' ? url : new URL(path, url), anchor }),
  )
})

test('every file that a page links to exists', async (t) => {
  t.ok(links.length > 100)
  for (const { page, target } of links) t.ok(existsSync(target), `${page}: ${target.pathname}`)
})

test('every heading that a page links to exists', async (t) => {
  t.strictSame(anchors('# A\n## 3. You _do_ `this`, *here*: Node’s'), [
    'a',
    '3-you-_do_-this-here-nodes',
  ])
  const withAnchor = links.filter(({ anchor }) => anchor !== undefined)
  t.ok(withAnchor.length > 10)
  for (const { page, target, anchor = '' } of withAnchor) {
    const found = anchors(readFileSync(target, 'utf8').replace(/^```.*?^```$/gms, ''))
    t.ok(found.includes(anchor), `${page}: ${target.pathname}#${anchor}`)
  }
})

test('README links to every page of docs', async (t) => {
  const linked = links.filter(({ page }) => page === 'README.md').map(({ target }) => target.href)
  const ofDocs = pages.filter((page) => page.startsWith('docs/'))
  t.ok(ofDocs.length >= 14)
  for (const page of ofDocs) t.ok(linked.includes(new URL(page, root).href), page)
})

test('every source file that a page names exists', async (t) => {
  const named = pages.flatMap((page) =>
    [...prose(page).matchAll(/`((?:src|test|openapi|deploy)\/[^`\s<>]*)`/g)].map(
      ([, path = '']) => ({ page, path }),
    ),
  )
  t.ok(named.length > 30)
  for (const { page, path } of named) t.ok(existsSync(new URL(path, root)), `${page}: ${path}`)
})

test('every npm script that a page names exists', async (t) => {
  const { scripts } = JSON.parse(readPage('package.json'))
  const named = pages.flatMap((page) =>
    [...readPage(page).matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => ({ page, name })),
  )
  t.ok(named.length > 20)
  for (const { page, name } of named) t.ok(name in scripts, `${page}: npm run ${name}`)
})

test('the map of the code has every folder of the sources', async (t) => {
  const [, map = ''] = readPage('docs/architecture.md').split(/^## /m)
  const listed = [...map.matchAll(/^\| \[`(\w+)\/`\]/gm)].map(([, folder]) => folder)
  const folders = readdirSync(new URL('src', root), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
  t.strictSame(listed.sort(), folders.sort())
})
