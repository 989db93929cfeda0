/** A load that keeps its pace. */
import { setTimeout } from 'node:timers/promises'

/**
 * Sends on time, whatever has become of what was sent before.
 * @param send gets how many were sent before it
 * @returns when it is over and all have ended
 */
export async function sendSteadily(
  perSecond: number,
  isOver: () => boolean,
  send: (count: number) => Promise<void>,
): Promise<void> {
  const began = performance.now()
  const open = new Set<Promise<void>>()
  for (let sent = 0; !isOver(); await setTimeout(5)) {
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond)
    for (; sent < due; sent += 1) {
      const sending = send(sent).finally(() => open.delete(sending))
      open.add(sending)
    }
  }
  await Promise.all(open)
}
