/** What the command line says. */
import { parseArgs } from 'node:util'

export type Options = {
  seed: number
  isQuick: boolean
  /** Names of the phases to run; all, if none. */
  only: readonly string[]
  jsonFile: string | undefined
}

/** @throws Error for an unknown or impossible option */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
    },
  })
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed)
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed takes a whole number')
  return {
    seed,
    isQuick: values.quick,
    only: values.only.flatMap((names) => names.split(',')),
    jsonFile: values.json,
  }
}
