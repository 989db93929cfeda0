import t from 'tap'
import undici from 'undici'
import { buildConnector, Pool } from '../../src/liveengage/undici.ts'

t.test('the parts that are loaded by themselves are undici’s own', (t) => {
  t.equal(Pool, undici.Pool)
  t.equal(buildConnector, undici.buildConnector)
  t.end()
})
