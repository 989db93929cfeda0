/** Who meets what, and when: drawn before anything is sent, so that a seed repeats it. */
import { type Fault, healthy } from './fault.ts'
import type { Bulk } from './message.ts'
import type { Random } from './random.ts'

export type Step = {
  fault: Fault
  /** How many attempts meet it; the next succeeds. */
  times: number
  deadlineMs: number
  bulk: Bulk
  /** Where a fault wants a moment: how far off it is. */
  jitter: number
}

/** The longest deadline a step has; what REQUEST_TIMEOUT_MS must be. */
export const longestDeadlineMs = 3_000

/** A message that nothing happens to. */
export const uneventful: Step = {
  fault: healthy,
  times: 1,
  deadlineMs: longestDeadlineMs,
  bulk: 'small',
  jitter: 0,
}

/**
 * Every fault as often as the others. So many healthy messages follow each that fewer than half of any few in a row fail: a circuit
 * breaker stays closed.
 */
export function drawScript(random: Random, faults: readonly Fault[], count: number): Step[] {
  const deck: Fault[] = []
  while (deck.length < count) deck.push(...random.shuffle(faults))
  return deck.slice(0, count).flatMap((fault, index) => {
    const pause = Array.from({ length: fault.weight + (index % 2) }, () => healthy)
    return [fault, ...pause].map((each) => drawStep(random, each))
  })
}

function drawStep(random: Random, fault: Fault): Step {
  return {
    fault,
    times: random.pick([1, 3]),
    deadlineMs: drawDeadline(random, fault),
    bulk: random.pick(['small', 'small', 'small', 'small', 'medium', 'medium', 'large']),
    jitter: random.between(0, 8),
  }
}

function drawDeadline(random: Random, { deadline }: Fault): number {
  if (deadline === 'short') return random.between(100, 800)
  return deadline === 'long' ? longestDeadlineMs : random.between(1_500, longestDeadlineMs)
}

/** What a new process has not yet compiled and not yet connected is no part of any measurement. */
const warmUps = 5

/** Deals steps out to so many lanes, keeping each fault with what follows it; each lane begins with a few messages that nothing happens to. */
export function deal(steps: readonly Step[], lanes: number): Step[][] {
  const dealt = Array.from({ length: lanes }, () =>
    Array.from({ length: warmUps }, () => uneventful),
  )
  let lane = -1
  for (const step of steps) {
    if (step.fault.class !== 'healthy') lane = (lane + 1) % lanes
    dealt[lane]?.push(step)
  }
  return dealt
}
