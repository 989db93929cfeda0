/** How much of the two cores others used: the measure of how clean a measurement is. */
import { cpuOf, idleOf } from './kernel.js'

/** Clean is where others used at most this share of either core. */
export const cleanShare = 0.05

/** @param pids of the benchmark's own processes, by the core they are on: `candidate`, `load` */
export function look(cores, pids) {
  const sum = (ids) => ids.reduce((nanos, id) => nanos + cpuOf(id), 0)
  return {
    nanos: performance.now() * 1e6,
    idle: { candidate: idleOf(cores.candidate), load: idleOf(cores.load) },
    used: { candidate: sum(pids.candidate), load: sum(pids.load) },
  }
}

/** Between two looks: how long, the candidate's CPU time, the share its core was busy, and the larger share that others used. */
export function compare(before, after) {
  const nanos = after.nanos - before.nanos
  const busy = (core) => nanos - (after.idle[core] - before.idle[core])
  const used = (core) => after.used[core] - before.used[core]
  const foreign = (core) => Math.max(0, (busy(core) - used(core)) / nanos)
  return {
    nanos,
    used: used('candidate'),
    busy: Math.max(0, busy('candidate') / nanos),
    foreign: Math.max(foreign('candidate'), foreign('load')),
  }
}

/** The clean ones, or where they are too few the better half. */
export function cleanest(measurements) {
  const sorted = measurements.toSorted((a, b) => a.foreign - b.foreign)
  const clean = sorted.filter(({ foreign }) => foreign <= cleanShare)
  const half = Math.ceil(measurements.length / 2)
  return clean.length >= half ? clean : sorted.slice(0, half)
}
