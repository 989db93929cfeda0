/** Counts of the shared store since the start: plain numbers that are read at a scrape. */
import { Histogram } from '../histogram.ts'

/** Bounds in seconds. A store in the same zone answers in 0.0003 to 0.001; 0.25 is the limit. */
const commandSeconds = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25]

export class StoreStatistics {
  /** Whether there is a connection, in a cluster one to each node that is known. */
  isUp = false
  /** Of the commands that had an answer. */
  readonly seconds = new Histogram(commandSeconds)
  readonly failures: Record<StoreFailure, number> = { down: 0, slow: 0, refused: 0 }
}

export type StoreFailure =
  /** There was no connection, or it broke. */
  | 'down'
  /** No answer in time. */
  | 'slow'
  /** The store answered with an error: it is read-only, full, or does not permit the command. */
  | 'refused'
