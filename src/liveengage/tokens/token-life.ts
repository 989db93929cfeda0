/** How long an AppJWT is used, and when it is renewed. */
import { decodeJwt } from 'jose/jwt/decode'

/** Both on the clock of `performance.now()`, milliseconds. */
export type AppJwt = { readonly token: string; readonly renewAt: number; readonly deadAt: number }

/** Renewal begins at 80 % of a token's life, up to a tenth of that earlier. In its last 30 s a token is no longer used. */
const renewalShare = 0.8
const safetyMs = 30_000
/** If a token says nothing. Source: Authorization page. */
const defaultLifeMs = 3_600_000
/** So that a token which claims to be expired does not cost a login for each message. */
const minLifeMs = 1_000

/** The life comes from the token's own two times, so that a wrong clock here does no harm. */
export function toAppJwt(token: string): AppJwt {
  const now = performance.now()
  const lifeMs = readLifeMs(token)
  const renewAt = now + lifeMs * renewalShare * (1 - Math.random() / 10)
  const deadAt = now + Math.max(lifeMs - safetyMs, lifeMs * 0.9)
  return { token, renewAt, deadAt }
}

/** How long a token lives by its own two times, milliseconds. */
export function readLifeMs(token: string): number {
  try {
    const { exp, iat = Date.now() / 1000 } = decodeJwt(token)
    // jose types both as numbers without checking them.
    const areNumbers = typeof exp === 'number' && typeof iat === 'number'
    return areNumbers ? Math.max((exp - iat) * 1000, minLifeMs) : defaultLifeMs
  } catch {
    return defaultLifeMs
  }
}
