/** Knows which events LivePerson has had, what the app took, and what LivePerson was told of it. */
import type { Notice } from './notices.ts'

type Entry = {
  /** Undefined where LivePerson keeps no order. */
  conversation: string | undefined
  place: number
  /** How often the app said 2xx. */
  taken: number
  /** How often it has come whole. */
  arrived: number
}

const mostExamples = 5

export class Ledger {
  /** LivePerson got 200 for what the app had not taken. */
  readonly falselyAcknowledged: string[] = []
  /** Came for the first time behind a later one of the same conversation. */
  readonly disordered: string[] = []
  /** Ids that no event has, among them those of what had to be left out. */
  readonly strangers: string[] = []
  /** Not signed as Standard Webhooks has it. */
  readonly unproved: string[] = []
  chatStates = 0
  private readonly entries = new Map<string, Entry>()
  private readonly farthest = new Map<string, number>()
  private readonly typists = new Set<string>()

  expect({ name, conversation, isOrdered, eventIds, isChatState }: Notice, account: string): void {
    if (isChatState) this.typists.add(name)
    for (const id of eventIds) {
      const place = this.entries.size
      const key = isOrdered ? `${account} ${conversation}` : undefined
      this.entries.set(id, { conversation: key, place, taken: 0, arrived: 0 })
    }
  }

  /** The app has it, whatever it will say. @param sender of a chat state */
  arrived(id: string, sender: string | undefined): void {
    const entry = this.entries.get(id)
    if (entry !== undefined) {
      entry.arrived += 1
      this.met(id, entry)
    } else if (sender !== undefined && this.typists.has(sender)) this.chatStates += 1
    else this.strangers.push(id)
  }

  /** The app has said 2xx. */
  taken(id: string): void {
    const entry = this.entries.get(id)
    if (entry === undefined) return
    entry.taken += 1
    this.met(id, entry)
  }

  private met(id: string, { conversation, place, arrived, taken }: Entry): void {
    if (arrived + taken !== 1 || conversation === undefined) return
    const farthest = this.farthest.get(conversation) ?? -1
    if (place < farthest) this.disordered.push(id)
    else this.farthest.set(conversation, place)
  }

  /** LivePerson got 200. */
  acknowledged({ eventIds }: Notice): void {
    this.falselyAcknowledged.push(...eventIds.filter((id) => this.entries.get(id)?.taken === 0))
  }

  knows(id: string): boolean {
    return this.entries.has(id)
  }

  hasComeAgain(id: string): boolean {
    return (this.entries.get(id)?.arrived ?? 0) > 1
  }

  get events(): number {
    return this.entries.size
  }

  /** The app never said that it has them. */
  get lost(): string[] {
    return [...this.entries].filter(([, { taken }]) => taken === 0).map(([id]) => id)
  }

  /** Came more than once, under the same id. */
  get repeated(): number {
    return [...this.entries.keys()].filter((id) => this.hasComeAgain(id)).length
  }
}

export function examplesOf(ids: readonly string[]): string {
  return ids.slice(0, mostExamples).join(' ')
}
