import { test } from 'tap'
import { readConsumerId } from '../../../src/liveengage/tokens/consumer-id.ts'
import { token } from '../../start.ts'

const jws = (payload: string) =>
  `eyJhbGciOiJub25lIn0.${Buffer.from(payload).toString('base64url')}.c2FtcGxl`

test('a ConsumerJWS names LivePerson’s own id of the consumer', async (t) => {
  t.equal(readConsumerId(jws('{"lp_consumer_id":"9f9f","ext_consumer_id":"ada"}')), '9f9f')
})

test('a token without a usable id names nobody, whatever it holds', async (t) => {
  for (const odd of [
    token,
    jws('{"lp_consumer_id":""}'),
    jws('{"lp_consumer_id":5}'),
    jws('{"lp_consumer_id":{"a":1}}'),
    jws('null'),
    jws('["lp_consumer_id"]'),
    jws('no JSON'),
    jws(''),
    'a.b.c',
    'not-a-token',
    '',
  ]) {
    t.equal(readConsumerId(odd), undefined, odd)
  }
})
