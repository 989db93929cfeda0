/** What the kernel says: CPU time of processes and cores, memory. Times in nanoseconds. */
import { readdirSync, readFileSync } from 'node:fs'

const nanosPerTick = 10_000_000

/** CPU time of all threads of a process so far; the scheduler's own count, finer than the ticks of /proc/<pid>/stat. */
export function cpuOf(pid) {
  let nanos = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) nanos += cpuOfThread(pid, thread)
  return nanos
}

function cpuOfThread(pid, thread) {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
  } catch {
    return 0 // It has just ended.
  }
}

/** How long a core was not idle. By its idle time, which is exact; busy time is sampled at ticks. */
export function idleOf(core) {
  const line = readFileSync('/proc/stat', 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`cpu${core} `))
  const [, , , , idle, waiting] = line.split(' ').map(Number)
  return (idle + waiting) * nanosPerTick
}

/** Resident memory, MiB. */
export function residentOf(pid) {
  return readStatus(pid, 'VmRSS') / 1024
}

/** The most it has ever been, MiB. */
export function peakResidentOf(pid) {
  return readStatus(pid, 'VmHWM') / 1024
}

function readStatus(pid, name) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)[1])
}
