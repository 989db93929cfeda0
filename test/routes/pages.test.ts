import { test } from 'tap'
import { problems } from '../../src/problems/catalogue.ts'
import { start } from '../start.ts'

/** As Firefox and Chromium send it. */
const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

test('a browser gets a page that runs and loads nothing, everybody else gets JSON', async (t) => {
  const { call } = await start(t)
  for (const path of ['/', '/problems', '/problems/overloaded']) {
    const { status, headers, body } = await call('GET', path, undefined, browser)
    t.equal(status, 200, path)
    t.equal(headers['content-type'], 'text/html; charset=utf-8')
    t.match(
      headers['content-security-policy'],
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    )
    t.equal(headers['vary'], 'Accept')
    t.match(body, /^<!doctype html>\n<html lang="en">/)
    t.notMatch(body, /<script|href="\/|src=/, 'links are right behind a path prefix')
    for (const accept of [
      undefined,
      '*/*',
      'application/json',
      'application/json, text/html',
      'text/html;q=0.5, application/json',
      'text/html;q=0',
      'text/*',
    ]) {
      const json = await call('GET', path, undefined, { accept })
      t.equal(json.headers['content-type'], 'application/json; charset=utf-8', `${path} ${accept}`)
      t.equal(json.headers['vary'], 'Accept')
    }
  }
})

test('the page of the problems links to each, and each page says cause and remedy', async (t) => {
  const { call } = await start(t)
  const { body } = await call('GET', '/problems', undefined, browser)
  for (const [code, { title }] of Object.entries(problems)) {
    t.ok(body.includes(`href="problems/${code}"`), code)
    const page = await call('GET', `/problems/${code}`, undefined, browser)
    t.ok(page.body.includes(`<h1>${title}</h1>`), code)
    t.match(page.body, /<dt>Cause<dd>[A-Z].*\n<dt>Remedy<dd>[A-Z]/, code)
  }
  const { body: missing } = await call('GET', '/problems/account-allowed', undefined, browser)
  t.match(missing, { code: 'route-not-found' })
})

test('words of the table that HTML would read are escaped, and code is marked', async (t) => {
  const { call } = await start(t)
  const { body } = await call('GET', '/problems/invalid-request', undefined, browser)
  t.match(body, '<code>errors</code> names each part')
})

test('GET / links to what there is', async (t) => {
  for (const [env, links] of [
    [{}, ['docs', 'openapi', 'problems', 'liveness', 'readiness']],
    [{ DOCS: 'spec' }, ['openapi', 'problems', 'liveness', 'readiness']],
    [{ DOCS: 'off', ADMIN_PORT: '0' }, ['problems']],
  ] as const) {
    const { call } = await start(t, env)
    const { body } = await call('GET', '/')
    t.match(body, { name: 'liveengage-proxy', version: /^\d/ })
    t.strictSame(Object.keys(body.links), links)
    for (const link of Object.values(body.links)) {
      t.equal((await call('GET', `/${link}`)).status, 200, `${link}`)
    }
  }
})

test('with a sandbox, GET / links to its desk', async (t) => {
  const { call, sandbox } = await start(t, {
    SANDBOX: 'true',
    LP_ACCOUNT_ID: '',
    LP_DOMAIN_API_URL: '',
  })
  t.ok(sandbox)
  const { body } = await call('GET', '/')
  t.match(body.links, { desk: /^https?:\/\// })
  const page = await call('GET', '/', undefined, browser)
  t.match(page.body, `href="${body.links.desk}"`)
})
