/** The two problems of a whole body: its type (415) and its size (413). */
import { Problem } from './problem.ts'

/** Source of the headers: RFC 9110, section 15.5.16. */
const expectations = {
  json: {
    detail: 'Send JSON in UTF-8 with Content-Type: application/json.',
    accepted: { accept: 'application/json' },
  },
  form: {
    detail: 'Send the picture as multipart/form-data, in a part named file.',
    accepted: { accept: 'multipart/form-data' },
  },
  uncompressed: {
    detail: 'Send the body without a Content-Encoding; this API accepts no other than identity.',
    accepted: { 'accept-encoding': 'identity' },
  },
  unencoded: {
    detail: 'Send the body as it was signed, without a Content-Encoding, not even identity.',
    accepted: { 'accept-encoding': 'identity' },
  },
}

/** @param expected what the route accepts instead */
export function unsupportedMediaType(expected: keyof typeof expectations): Problem {
  return new Problem('unsupported-media-type', expectations[expected])
}

/** @param limit the variable that sets it @param bytes its value */
export function payloadTooLarge(
  limit: 'BODY_LIMIT_BYTES' | 'FILE_LIMIT_BYTES',
  bytes: number,
): Problem {
  const part = limit === 'BODY_LIMIT_BYTES' ? 'body' : 'picture'
  const detail = `The ${part} is larger than ${limit}, which is ${bytes} bytes.`
  return new Problem('payload-too-large', { detail })
}
