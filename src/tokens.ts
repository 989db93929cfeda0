/** What a token looks like, on the way in and in any text that goes out. */

const longestToken = 8_192

/** Whether a text has the form of a JWT: three base64url parts, 8 KiB at most. */
export function isToken(text: string): boolean {
  return (
    text.length <= longestToken && /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/.test(text)
  )
}

/** What every text has that the pattern below can be found in; an eighth of its cost, for texts without any are the rule. */
const mayHoldToken = /eyJ|\.[\w-]{16}/

/** Replaces everything that looks like a JWT, whole or without its signature: the last guard of texts that should hold none. */
export function scrubTokens(text: string): string {
  if (!mayHoldToken.test(text)) return text
  return text.replace(
    /(?<![\w-])(?:eyJ[\w-]*\.[\w-]+(?:\.[\w-]*)?|(?:[\w-]{16,}\.){2}[\w-]{16,})/g,
    '[token]',
  )
}
