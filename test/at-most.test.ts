import { LRUCache } from 'lru-cache'
import { test } from 'tap'
import { atMost, atMostOf } from '../src/at-most.ts'

test('the newest entries are kept, up to the bound', (t) => {
  const cache = new LRUCache<string, number>(atMost(3))
  for (let number = 1; number <= 4; number += 1) cache.set(`key-${number}`, number)
  t.same([...cache.values()], [4, 3, 2])
  t.end()
})

test('with a bound of bytes as well, whichever is reached first counts', (t) => {
  const bounds = atMostOf<string>(10, 105, (value, key) => value.length + key.length)
  const cache = new LRUCache<string, string>(bounds)
  for (let number = 10; number <= 30; number += 1) cache.set(`${number}`, '')
  t.equal(cache.size, 10, 'small entries by their number')
  cache.set('large', 'x'.repeat(45))
  t.equal(cache.size, 6, 'a large one takes the bytes of five')
  cache.set('too large', 'x'.repeat(100))
  t.equal(cache.has('too large'), false)
  t.end()
})
