/** Which events the app gets. */
import type { Event } from './events.ts'
import type { LeftOutReason } from './simplify/change.ts'

export type Selection = {
  /** Left out unless named here. */
  include: ReadonlySet<string>
  exclude: ReadonlySet<string>
}

/** Why the app does not get it. @returns undefined if it does */
export function leftOutBy({ type, data }: Event, selection: Selection): LeftOutReason | undefined {
  const { include, exclude } = selection
  if (exclude.has(type)) return 'excluded'
  if ('sender' in data && data.sender.kind === 'consumer' && !include.has('consumer')) {
    return 'consumer'
  }
  if ('audience' in data && data.audience === 'internal' && !include.has('internal')) {
    return 'internal'
  }
  return undefined
}
