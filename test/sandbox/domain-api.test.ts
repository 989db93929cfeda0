import t from 'tap'
import { call, startBox } from './fixtures/box.ts'

const GET = { method: 'GET' }

t.test('one service is answered as a bare object, with or without .json', async (t) => {
  const sandbox = await startBox(t)
  for (const service of ['asyncMessagingEnt', 'sentinel', 'idp', 'swift']) {
    for (const file of ['baseURI.json', 'baseURI']) {
      const path = `/api/account/le12345678/service/${service}/${file}?version=1.0`
      const { status, body } = await call(sandbox, path, GET)
      t.equal(status, 200)
      t.strictSame(body, { service, account: 'le12345678', baseURI: `localhost:${sandbox.port}` })
    }
  }
})

t.test('all services are answered as a list, with or without .json', async (t) => {
  const sandbox = await startBox(t)
  const baseURI = `localhost:${sandbox.port}`
  for (const file of ['baseURI.json', 'baseURI']) {
    const { body } = await call(sandbox, `/api/account/acme/service/${file}?version=1.0`, GET)
    t.strictSame(body, {
      baseURIs: [
        { service: 'asyncMessagingEnt', account: 'acme', baseURI },
        { service: 'sentinel', account: 'acme', baseURI },
        { service: 'idp', account: 'acme', baseURI },
        { service: 'swift', account: 'acme', baseURI },
      ],
    })
  }
})

t.test('a wrong version, account, site or service is refused', async (t) => {
  const sandbox = await startBox(t)
  const cases = [
    { path: 'acme/service/sentinel/baseURI.json', status: 400 },
    { path: 'acme/service/sentinel/baseURI.json?version=2.0', status: 400 },
    { path: 'acme/service/baseURI.json', status: 400 },
    { path: 'ac-me/service/sentinel/baseURI.json?version=1.0', status: 400 },
    { path: `${'a'.repeat(33)}/service/baseURI.json?version=1.0`, status: 400 },
    { path: '00000000/service/sentinel/baseURI.json?version=1.0', status: 401 },
    { path: '00000000/service/baseURI.json?version=1.0', status: 401 },
    { path: 'acme/service/asnycMessagingEnt/baseURI.json?version=1.0', status: 404 },
    { path: 'acme/service/Sentinel/baseURI.json?version=1.0', status: 404 },
  ]
  for (const { path, status } of cases) {
    t.equal((await call(sandbox, `/api/account/${path}`, GET)).status, status, path)
  }
})
