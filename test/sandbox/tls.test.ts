import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:https'
import t from 'tap'
import { createCertificate } from '../../src/sandbox/certificate.ts'
import { startBox } from './fixtures/box.ts'

t.test('the certificate is of localhost and the loopback addresses, for 397 days', async (t) => {
  const now = Date.UTC(2026, 10, 22)
  const certificate = new X509Certificate(createCertificate(now).cert)
  t.equal(certificate.subject, 'CN=localhost')
  t.equal(
    certificate.subjectAltName,
    'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
  )
  t.ok(certificate.verify(certificate.publicKey), 'signed by itself')
  t.equal(certificate.ca, true)
  t.equal(new Date(certificate.validFrom).getTime(), now - 86_400_000)
  t.equal(new Date(certificate.validTo).getTime(), now + 397 * 86_400_000)
  t.not(new X509Certificate(createCertificate(now).cert).serialNumber, certificate.serialNumber)
})

t.test('a sandbox with TLS is believed by whoever is given its certificate', async (t) => {
  const sandbox = await startBox(t, { tls: true })
  t.match(sandbox.origin, /^https:\/\/localhost:\d+$/)
  const ca = String(sandbox.certificate)
  const outgoing = request(sandbox.origin, {
    ca,
    agent: false,
    headers: { origin: sandbox.origin },
  })
  outgoing.end()
  const [incoming] = await once(outgoing, 'response')
  t.equal(incoming.statusCode, 200)
  incoming.resume()
  const unknowing = request(sandbox.origin, { agent: false })
  unknowing.end()
  const [error] = await once(unknowing, 'error')
  t.match(error, { code: /SELF_SIGNED/ })
})

t.test('a certificate of one’s own is taken', async (t) => {
  const tls = createCertificate(Date.now())
  const sandbox = await startBox(t, { tls })
  t.equal(sandbox.certificate, tls.cert)
})
