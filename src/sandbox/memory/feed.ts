/** Reports changes to those who watch. */
export type Change =
  | { type: 'call'; id: string }
  | { type: 'notification'; id: string }
  | { type: 'conversation'; account: string; id: string }
  | { type: 'faults' }
  | { type: 'installs' }
  | { type: 'reset' }

export type Feed = {
  publish: (change: Change) => void
  /** @returns ends the watching */
  watch: (watcher: (change: Change) => void) => () => void
}

export function createFeed(): Feed {
  const watchers = new Set<(change: Change) => void>()
  return {
    publish(change) {
      for (const watcher of watchers) watcher(change)
    },
    watch(watcher) {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
  }
}
