import type { Problem } from './problem.ts'

/** Why a call failed, in the words of the socket or of undici. They contain nothing of the request. */
export function describeCause({ cause }: Problem): string | undefined {
  if (!(cause instanceof Error)) return undefined
  const code = 'code' in cause && typeof cause.code === 'string' ? `${cause.code}: ` : ''
  return `${code}${cause.message}`.slice(0, 200)
}
