/** What a token looks like, in a header and in any text. */

const maxTokenLength = 8_192

/** Whether a text has the form of a JWT: three base64url parts, 8 KiB at most. */
export function isToken(text: string): boolean {
  return (
    text.length <= maxTokenLength && /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/.test(text)
  )
}

/** A faster test for the pattern below, at an eighth of its cost: most texts have no token. */
export const mayHoldToken = /eyJ|\.[\w-]{16}/

/** Replaces everything that looks like a JWT, whole or without its signature: the last guard of texts that should have none. */
export function redactTokens(text: string): string {
  if (!mayHoldToken.test(text)) return text
  return text.replace(
    /(?<![\w-])(?:eyJ[\w-]*\.[\w-]+(?:\.[\w-]*)?|(?:[\w-]{16,}\.){2}[\w-]{16,})/g,
    '[token]',
  )
}
