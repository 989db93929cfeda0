import t from 'tap'
import { payloadTooLarge } from '../../src/problems/refused-body.ts'

t.test('a 413 says which limit was exceeded, and its value', (t) => {
  t.equal(
    payloadTooLarge('BODY_LIMIT_BYTES', 65536).message,
    'The body is larger than BODY_LIMIT_BYTES, which is 65536 bytes.',
  )
  t.equal(
    payloadTooLarge('FILE_LIMIT_BYTES', 3145728).message,
    'The picture is larger than FILE_LIMIT_BYTES, which is 3145728 bytes.',
  )
  t.end()
})
