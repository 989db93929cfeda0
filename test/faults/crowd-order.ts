/** What a crowd of callers is told to do, and what it has to tell. */

export type CrowdOrder = {
  port: number
  count: number
  seed: number
  account: string
  deadlineMs: number
}

export type Outcome = {
  id: string
  /** 0: no whole answer. */
  status: number
  code: string
  delivery: string
  ms: number
  /** Connections that ended without an answer before. */
  resets: number
}

export type CrowdReport = {
  outcomes: Outcome[]
  leaks: number
  /** How many were open at a time. */
  mostOpen: number
}

export const crowdId = (index: number) => `crowd-${String(index).padStart(6, '0')}`
