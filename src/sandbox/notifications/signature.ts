import { createHmac } from 'node:crypto'

/** Which form an account's signatures have; `sha1-base64` unless LivePerson was asked for another. Source: webhooks pages, notification protocol. */
export const signatureForms = ['sha1-base64', 'sha1-hex', 'sha256-base64', 'sha256-hex'] as const
export type SignatureForm = (typeof signatureForms)[number]

/** The value of `x-liveperson-signature` over the bytes that are sent. */
export function signatureOf(raw: string, secret: string, form: SignatureForm): string {
  const algorithm = form.startsWith('sha1-') ? 'sha1' : 'sha256'
  const encoding = form.endsWith('-hex') ? 'hex' : 'base64'
  return `${algorithm}=${createHmac(algorithm, secret).update(raw).digest(encoding)}`
}

/** Every character beyond ASCII as \uXXXX, as some JSON writers do: other bytes of the same document. */
export function withEscapes(json: string): string {
  return json.replace(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
