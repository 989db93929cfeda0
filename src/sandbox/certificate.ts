/** A certificate of the sandbox's own, since node:crypto makes keys and signatures but no certificates: X.509 by hand, RFC 5280. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

const ecdsaWithSha256 = oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02])
const commonName = oid([0x55, 0x04, 0x03])
const subjectAltName = oid([0x55, 0x1d, 0x11])
const basicConstraints = oid([0x55, 0x1d, 0x13])

/** A day earlier, for clocks that are behind; and not longer than browsers take. */
const validBeforeMs = 86_400_000
const validAfterMs = 397 * 86_400_000

/** Signed by itself, for `localhost`, 127.0.0.1 and ::1; as PEM. */
export function createCertificate(now: number): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(ecdsaWithSha256)
  const name = sequence(set(sequence(commonName, der(0x0c, Buffer.from('localhost')))))
  const names = sequence(
    der(0x82, Buffer.from('localhost')),
    der(0x87, Buffer.from([127, 0, 0, 1])),
    der(0x87, Buffer.concat([Buffer.alloc(15), Buffer.from([1])])),
  )
  // Its own authority, so that `--cacert` and NODE_EXTRA_CA_CERTS take it.
  const authority = sequence(der(0x01, Buffer.from([0xff])))
  const certificate = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    name,
    sequence(time(now - validBeforeMs), time(now + validAfterMs)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(
        sequence(basicConstraints, der(0x01, Buffer.from([0xff])), der(0x04, authority)),
        sequence(subjectAltName, der(0x04, names)),
      ),
    ),
  )
  const signature = sign('sha256', certificate, privateKey)
  const signed = sequence(
    certificate,
    algorithm,
    der(0x03, Buffer.concat([Buffer.alloc(1), signature])),
  )
  return {
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    cert: pem(signed),
  }
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  // Nothing in this certificate is from 128 to 255 bytes long, which would be written in a third way.
  const head = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...head]), content])
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function set(part: Buffer): Buffer {
  return der(0x31, part)
}

function oid(bytes: number[]): Buffer {
  return der(0x06, Buffer.from(bytes))
}

/** GeneralizedTime; UTCTime would do until 2049, which a fixed clock in a test may be past. */
function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/\D/g, '').slice(0, 14)
  return der(0x18, Buffer.from(`${digits}Z`))
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}
