/** The process: its time, memory and files, under the names that Prometheus's clients share, and its event loop. */
import { readdirSync, readFileSync } from 'node:fs'
import type { EventLoopGuard } from '../event-loop-guard.ts'
import type { Family, Reading } from './family.ts'

export type ProcessSources = {
  eventLoop: EventLoopGuard
  version: string
  /** Where Linux tells of this process, `/proc/self` by default. */
  procFolder?: string
}

/** The client's own default metrics sample the loop every 10 ms, watch every garbage collection and keep timers that nobody can stop. */
export function processFamilies(sources: ProcessSources): Family[] {
  const { eventLoop, version, procFolder = '/proc/self' } = sources
  return [
    {
      name: 'liveengage_proxy_build_info',
      help: 'Always 1; the versions of the proxy and of Node.js.',
      type: 'gauge',
      labels: ['version', 'node'],
      read: () => [[{ version, node: process.version }, 1]],
    },
    {
      name: 'liveengage_proxy_event_loop_delay_seconds',
      help: 'How late a timer of 100 ms came: how long everything else had to wait.',
      type: 'histogram',
      read: () => [[{}, eventLoop.delays]],
    },
    {
      name: 'liveengage_proxy_event_loop_smoothed_delay_seconds',
      help: 'The same, smoothed over about a third of a second. Above 0.25 what would go to LiveEngage is refused.',
      type: 'gauge',
      read: () => [[{}, eventLoop.delaySeconds]],
    },
    {
      name: 'liveengage_proxy_event_loop_active_seconds_total',
      help: 'Time in which the event loop was busy; its rate is the part of one core’s time that is in use.',
      type: 'counter',
      read: () => [[{}, performance.eventLoopUtilization().active / 1000]],
    },
    {
      name: 'process_cpu_user_seconds_total',
      help: 'User CPU time in seconds.',
      type: 'counter',
      read: () => [[{}, process.cpuUsage().user / 1e6]],
    },
    {
      name: 'process_cpu_system_seconds_total',
      help: 'System CPU time in seconds.',
      type: 'counter',
      read: () => [[{}, process.cpuUsage().system / 1e6]],
    },
    {
      name: 'process_cpu_seconds_total',
      help: 'User and system CPU time in seconds.',
      type: 'counter',
      read: () => {
        const { user, system } = process.cpuUsage()
        return [[{}, (user + system) / 1e6]]
      },
    },
    {
      name: 'process_start_time_seconds',
      help: 'Start time of the process in seconds since the epoch.',
      type: 'gauge',
      read: () => [[{}, Math.round(performance.timeOrigin) / 1000]],
    },
    {
      name: 'process_resident_memory_bytes',
      help: 'Resident memory in bytes.',
      type: 'gauge',
      read: () => [[{}, process.memoryUsage.rss()]],
    },
    {
      name: 'process_open_fds',
      help: 'Open file descriptors; absent where the system does not tell.',
      type: 'gauge',
      // Less the one that reads.
      read: () => readOr(() => readdirSync(`${procFolder}/fd`).length - 1),
    },
    {
      name: 'process_max_fds',
      help: 'The most file descriptors that may be open; absent where the system does not tell.',
      type: 'gauge',
      read: () => readOr(() => softLimit(readFileSync(`${procFolder}/limits`, 'utf8'))),
    },
    {
      name: 'nodejs_heap_size_used_bytes',
      help: 'V8’s heap in use.',
      type: 'gauge',
      read: () => [[{}, process.memoryUsage().heapUsed]],
    },
    {
      name: 'nodejs_heap_size_total_bytes',
      help: 'V8’s heap.',
      type: 'gauge',
      read: () => [[{}, process.memoryUsage().heapTotal]],
    },
    {
      name: 'nodejs_external_memory_bytes',
      help: 'Memory outside V8’s heap that its objects hold, buffers above all.',
      type: 'gauge',
      read: () => [[{}, process.memoryUsage().external]],
    },
  ]
}

function softLimit(limits: string): number {
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1])
}

/** Another system has no such file, and Node's permission model may keep it from us. */
function readOr(read: () => number): Reading<number>[] {
  try {
    const value = read()
    return Number.isFinite(value) ? [[{}, value]] : []
  } catch {
    return []
  }
}
