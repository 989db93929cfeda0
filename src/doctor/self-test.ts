/** The notifications of the self-test: of a type that the proxy leaves out, so that the app gets none of them. */
import type { ClientCredentials } from '../liveengage/caller.ts'
import { signatureOf } from '../sandbox/notifications/signature.ts'

const saying = (text: string) =>
  `{"kind":"notification","type":"doctor.SelfTest","body":{"changes":[{"text":"${text}"}]}}`

/** Nothing in it is worth changing. */
export const plainBody = saying('a')

/** What a hop may change, each in its own body. The last is longer than any part that LivePerson names. */
export const oddBodies = {
  spaces: `${saying('a').replaceAll(':', ' :\t')} \r\n`,
  'characters beyond ASCII': saying('Grüezi 👋🏽 – €5'),
  'escaped characters': saying(String.raw`Gr\u00fcezi \ud83d\udc4b \/`),
  'a body of 64 KiB': saying('x'.repeat(65_536)),
} as const

/** What LivePerson sends with a notification. @param signedBody what the signature is over */
export function headersOf(
  signedBody: string,
  accountId: string,
  { clientId, clientSecret }: ClientCredentials,
): Record<string, string> {
  return {
    'content-type': 'application/json',
    'x-liveperson-account-id': accountId,
    'x-liveperson-client-id': clientId,
    'x-liveperson-signature': signatureOf(signedBody, clientSecret, 'sha1-base64'),
  }
}
