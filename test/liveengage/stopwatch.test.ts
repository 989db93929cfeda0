import t from 'tap'
import { Stopwatch } from '../../src/liveengage/stopwatch.ts'

t.test('it adds up what ran from each start to its stop, or until now', async (t) => {
  const watch = new Stopwatch()
  t.equal(watch.read(5), 0)
  watch.start(10)
  t.equal(watch.read(14), 4)
  watch.stop(15)
  t.equal(watch.read(100), 5)
  watch.start(200)
  t.equal(watch.read(203), 8)
  watch.stop(210)
  t.equal(watch.read(300), 15)
})
