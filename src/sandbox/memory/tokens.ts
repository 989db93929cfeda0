import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { type Static, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { LRUCache } from 'lru-cache'
import { atMost } from '../../at-most.ts'
import { parseJson } from '../services/json.ts'

/** What the sandbox looks at in a token. Source: Authorization page, decoded samples. */
const Claims = Type.Object({
  exp: Type.Optional(Type.Number()),
  aud: Type.Optional(Type.Unknown()),
  account_id: Type.Optional(Type.Unknown()),
  lp_consumer_id: Type.Optional(Type.String({ minLength: 1 })),
  ext_consumer_id: Type.Optional(Type.String()),
})
export type Claims = Static<typeof Claims>

const isClaims = TypeCompiler.Compile(Claims)
const isObject = TypeCompiler.Compile(Type.Object({}))

export type Tokens = {
  /** A signed JWT, different every time. */
  mint: (claims: Record<string, unknown>) => string
  /** The claims of any well-formed token, whoever signed it; undefined when malformed, expired or revoked. */
  read: (token: string) => Claims | undefined
  revoke: (token: string) => void
}

export function createTokens(now: () => number): Tokens {
  const key = randomBytes(32)
  const revoked = new LRUCache<string, true>(atMost(10_000))

  return {
    mint(claims) {
      const header = encode({ alg: 'HS256', typ: 'JWT' })
      const signed = `${header}.${encode({ ...claims, jti: randomUUID() })}`
      return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
    },
    read(token) {
      if (revoked.has(token) || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return undefined
      const [header, claims] = token.split('.', 2).map(decode)
      if (!isObject.Check(header) || !isClaims.Check(claims)) return undefined
      return claims.exp !== undefined && claims.exp * 1000 <= now() ? undefined : claims
    },
    revoke(token) {
      revoked.set(token, true)
    },
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function decode(part: string): unknown {
  return parseJson(Buffer.from(part, 'base64url').toString())
}
