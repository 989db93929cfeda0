import t from 'tap'
import undici from 'undici'
import buildConnector from 'undici/lib/core/connect.js'
import Pool from 'undici/lib/dispatcher/pool.js'

t.test('the parts that are loaded by themselves are undici’s own', (t) => {
  t.equal(Pool, undici.Pool)
  t.equal(buildConnector, undici.buildConnector)
  t.end()
})
