/** A certificate authority and a certificate for `localhost`, made for one run. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** @returns the files; `ca` is what a client has to trust */
export function makeCertificates(folder) {
  const file = (name) => join(folder, name)
  const ca = file('ca.pem')
  const caKey = file('ca.key')
  const certificate = file('localhost.pem')
  const key = file('localhost.key')
  const common = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl([...common, '-days', '2', '-subj', '/CN=bench CA', '-keyout', caKey, '-out', ca])
  openssl([
    ...[...common, '-days', '2', '-subj', '/CN=localhost', '-keyout', key, '-out', certificate],
    ...['-CA', ca, '-CAkey', caKey, '-addext', 'subjectAltName=DNS:localhost'],
    ...['-addext', 'basicConstraints=critical,CA:FALSE'],
  ])
  return { ca, certificate, key }
}

function openssl(args) {
  execFileSync('openssl', args, { stdio: 'ignore' })
}
