/** Certificates for one run, made by openssl in a folder that goes when the process does. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Pair = { key: Buffer; cert: Buffer }

export type Certificates = {
  /** File of the authority that the proxy is told to trust. */
  authorityFile: string
  good: Pair
  wrongName: Pair
  /** For the right name, by an authority that nobody knows. */
  untrusted: Pair
  expired: Pair
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'faults-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const at = (name: string) => join(folder, name)
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })

  const makeAuthority = (name: string) => {
    const files = ['-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)]
    openssl('req', '-x509', ...newKey, ...files, '-days', '2', '-subj', `/CN=${name}`)
  }
  const issue = (name: string, host: string, authority: string, days: number): Pair => {
    const [key, csr, pem, names] = ['key', 'csr', 'pem', 'names'].map((end) => at(`${name}.${end}`))
    if (!key || !csr || !pem || !names) throw new Error('four files')
    openssl('req', ...newKey, '-keyout', key, '-out', csr, '-subj', `/CN=${host}`)
    writeFileSync(names, `subjectAltName=DNS:${host}`)
    const signing = ['-CA', at(`${authority}.pem`), '-CAkey', at(`${authority}.key`)]
    const rest = ['-CAcreateserial', '-days', String(days), '-extfile', names, '-out', pem]
    openssl('x509', '-req', '-in', csr, ...signing, ...rest)
    return { key: readFileSync(key), cert: readFileSync(pem) }
  }
  makeAuthority('authority')
  makeAuthority('stranger')
  return {
    authorityFile: at('authority.pem'),
    good: issue('good', 'localhost', 'authority', 2),
    wrongName: issue('wrong-name', 'elsewhere.example', 'authority', 2),
    untrusted: issue('untrusted', 'localhost', 'stranger', 2),
    expired: issue('expired', 'localhost', 'authority', -1),
  }
}
