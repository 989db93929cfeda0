import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify from 'fastify'
import t from 'tap'
import { builtFolder, registerPages } from '../../src/sandbox/desk/pages.ts'
import { renderReference } from '../../src/sandbox/desk/reference.ts'

const options = { name: 'box', endpoints: ['GET /'], openApi: () => ({}) }
const html = { accept: 'text/html,*/*' }

t.test('a browser gets the page of the desk, anybody else its links', async (t) => {
  const folder = `${mkdtempSync(join(tmpdir(), 'desk-'))}/`
  for (const file of ['index.html', 'desk.js', 'desk.css']) writeFileSync(folder + file, file)
  const app = fastify()
  registerPages(app, options, folder)
  const page = await app.inject({ url: '/', headers: html })
  t.equal(page.body, 'index.html')
  t.match(page.headers, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
  })
  t.match((await app.inject('/')).json(), {
    name: 'box',
    links: { desk: '/', api: '/sandbox/docs' },
    endpoints: ['GET /'],
  })
  const script = await app.inject('/desk/desk.js')
  t.equal(script.body, 'desk.js')
  t.equal(script.headers['content-type'], 'text/javascript; charset=utf-8')
  t.equal((await app.inject('/desk/desk.css')).body, 'desk.css')
})

t.test('a desk that is not built says how it is built', async (t) => {
  const app = fastify()
  registerPages(app, options, '')
  t.match((await app.inject({ url: '/', headers: html })).body, 'npm run build')
  t.equal((await app.inject('/desk/desk.js')).statusCode, 404)
  t.equal(builtFolder([]), '')
})

t.test(
  'the reference shows what the document says, and lives with one that says little',
  async (t) => {
    const document = {
      info: { title: 'A <b>', description: 'D' },
      tags: [{ name: 'One', description: 'First' }],
      paths: {
        '/a/{id}': {
          put: {
            tags: ['One'],
            summary: 'Put it',
            requestBody: {
              content: {
                'application/json': {
                  schema: {
                    required: ['b'],
                    properties: {
                      b: { type: 'string', enum: ['x', 'y'], description: 'A letter' },
                      c: {},
                    },
                  },
                  example: { b: 'x' },
                },
              },
            },
          },
          get: { tags: ['One'], summary: 'Get it', description: 'Really.' },
          delete: { tags: ['Two'] },
        },
      },
    }
    const page = renderReference(document)
    t.match(page, '<h1>A &#60;b&#62;</h1>')
    t.match(
      page,
      '<th scope="row"><code>b</code> <small>required</small></th><td>string; x, y; A letter</td>',
    )
    t.match(
      page,
      `curl -X PUT &#34;$SANDBOX/a/$ID&#34; \\\n  -H 'content-type: application/json' -d '{&#34;b&#34;:&#34;x&#34;}'`,
    )
    t.match(page, 'curl &#34;$SANDBOX/a/$ID&#34;')
    t.notMatch(page, 'DELETE')
    t.match(renderReference({}), '<main></main>')
  },
)
