/** The table of all faults of the store that replicas share, and of the network towards it. None of them loses data. */
import type { Store } from './store.ts'
import type { Passage, StoreGate } from './store-gate.ts'

export type StoreFault = {
  name: string
  /** @param lasts ends when the fault has lasted long enough */
  play(store: Store, door: StoreGate, lasts: () => Promise<void>): Promise<void>
}

function onTheWay(passage: Passage): StoreFault {
  return {
    name: passage,
    play: async (_, door, lasts) => {
      door.passage = passage
      await lasts()
      door.passage = 'free'
      // A connection that has missed a command would give each answer to the wrong one.
      if (passage === 'nothing') door.gate.drop('reset')
    },
  }
}

/** Two commands of Redis: one that harms it, one that heals it. */
function byCommand(name: string, harm: string, heal: string): StoreFault {
  return {
    name,
    play: async (store, _, lasts) => {
      await store.command(harm)
      await lasts()
      await store.command(heal)
    },
  }
}

export const storeFaults: StoreFault[] = [
  {
    name: 'down',
    play: async (_, door, lasts) => {
      await door.gate.behave('refuse')
      await lasts()
      await door.gate.behave('open')
    },
  },
  ...(['late commands', 'late answers', 'nothing', 'cut'] as const).map(onTheWay),
  byCommand('READONLY', 'REPLICAOF 127.0.0.1 1', 'REPLICAOF NO ONE'),
  byCommand('full', 'CONFIG SET maxmemory 1', 'CONFIG SET maxmemory 0'),
  { name: 'restarted', play: (store) => store.restart() },
  {
    name: 'standing still',
    play: async (store, _, lasts) => {
      store.signal('SIGSTOP')
      await lasts()
      store.signal('SIGCONT')
    },
  },
]
