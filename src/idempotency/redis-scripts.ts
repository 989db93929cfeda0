/**
 * What the store does in one step. A value begins with its state: `c` claimed, `w` writing, `d` done. Then come the token of the request
 * that holds the key, and the fingerprint of the request. After that, a finished one has its outcome. Each script has one key, as a
 * cluster requires.
 */
import { createHash } from 'node:crypto'

export const tokenLength = 22
export const fingerprintLength = 44

export class Script {
  readonly text: string
  /** The digest by which a server knows the script. */
  readonly digest: string

  constructor(text: string) {
    this.text = text
    this.digest = createHash('sha1').update(text).digest('hex')
  }
}

/** ARGV: the value, its life in milliseconds. @returns nothing if the key was free, else its value and the rest of its life */
export const claim = new Script(`
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return false end
return { redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1]) }`)

/** ARGV: the token, the life from now on in milliseconds. @returns 1 if the token still holds the claim */
export const write = new Script(`
local value = redis.call('GET', KEYS[1])
if not value or string.sub(value, 1, ${1 + tokenLength}) ~= 'c' .. ARGV[1] then return 0 end
redis.call('SET', KEYS[1], 'w' .. string.sub(value, 2), 'PX', ARGV[2])
return 1`)

const ifHeld = `
local value = redis.call('GET', KEYS[1])
if not value or string.sub(value, 2, ${1 + tokenLength}) ~= ARGV[1] then return 0 end`

/** ARGV: the token, the life in milliseconds, the outcome. */
export const finish = new Script(`${ifHeld}
redis.call('SET', KEYS[1], 'd' .. string.sub(value, 2, ${1 + tokenLength + fingerprintLength}) .. ARGV[3], 'PX', ARGV[2])
return 1`)

/** ARGV: the token. */
export const forget = new Script(`${ifHeld}
return redis.call('DEL', KEYS[1])`)

export const exists = new Script(`
return redis.call('EXISTS', KEYS[1])`)
