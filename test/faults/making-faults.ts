/** How faults are written down. */
import type { Exchange } from './exchange.ts'
import type { Fault } from './fault.ts'

export type Options = Partial<Omit<Fault, 'name' | 'play'>>

/** It lasts until the deadline. */
export const short = { deadline: 'short' } as const

export function fault(
  className: string,
  name: string,
  play: NonNullable<Fault['play']>,
  options: Options = {},
): Fault {
  return { class: className, name, deadline: 'normal', weight: 1, play, ...options }
}

/** Once where the message was processed before, once where it never is. */
export function eitherWay(
  className: string,
  name: string,
  then: (exchange: Exchange) => void | Promise<void>,
  options: Options = {},
): Fault[] {
  const processed = async (exchange: Exchange) => {
    if (await exchange.process()) await then(exchange)
  }
  const unprocessed = async (exchange: Exchange) => {
    if (await exchange.read()) await then(exchange)
  }
  return [
    fault(className, `${name}, processed`, processed, options),
    fault(className, `${name}, not processed`, unprocessed, { ...options, isLie: false }),
  ]
}
