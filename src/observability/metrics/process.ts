/** Metrics of the process: CPU, memory and files, under the names that all Prometheus clients use, and the event loop. */
import { readdirSync, readFileSync } from 'node:fs'
import { defaultMaxLagMs, type EventLoopLag } from '../../http/event-loop-lag.ts'
import type { DroppedLines } from '../log-stream.ts'
import type { Family, Reading } from './family.ts'

export type ProcessSources = {
  eventLoop: EventLoopLag
  log: DroppedLines
  version: string
  /** Where Linux describes this process; `/proc/self` by default. */
  procFolder?: string
}

/** The default metrics of the client are not used: they sample the event loop every 10 ms, observe every garbage collection and start timers that cannot be stopped. */
export function processFamilies(sources: ProcessSources): Family[] {
  const { eventLoop, log, version, procFolder = '/proc/self' } = sources
  return [
    {
      name: 'liveengage_proxy_build_info',
      help: 'Always 1. The labels have the versions of the proxy and of Node.js.',
      type: 'gauge',
      labels: ['version', 'node'],
      read: () => [[{ version, node: process.version }, 1]],
    },
    {
      name: 'liveengage_proxy_event_loop_delay_seconds',
      help: 'How late a timer of 100 ms fired, which is how long everything else had to wait.',
      type: 'histogram',
      read: () => [[{}, eventLoop.lags]],
    },
    {
      name: 'liveengage_proxy_event_loop_smoothed_delay_seconds',
      help: `The same, smoothed over about a third of a second. Above ${defaultMaxLagMs / 1000} s the proxy rejects calls to LiveEngage.`,
      type: 'gauge',
      read: () => [[{}, eventLoop.lagSeconds]],
    },
    {
      name: 'liveengage_proxy_event_loop_active_seconds_total',
      help: 'Time in which the event loop was busy. Its rate is the share of one core that is in use.',
      type: 'counter',
      read: () => [[{}, performance.eventLoopUtilization().active / 1000]],
    },
    {
      name: 'liveengage_proxy_log_lines_dropped_total',
      help: 'Lines of the log that were not written, because stdout failed (a full disk, a pipe without a reader) or its reader was too slow.',
      type: 'counter',
      read: () => [[{}, log.dropped]],
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
      help: 'Open file descriptors; absent if the system does not report them.',
      type: 'gauge',
      // Without the descriptor that reads the folder.
      read: () => readOr(() => readdirSync(`${procFolder}/fd`).length - 1),
    },
    {
      name: 'process_max_fds',
      help: 'Limit of open file descriptors; absent if the system does not report it.',
      type: 'gauge',
      read: () => readOr(() => softLimit(readFileSync(`${procFolder}/limits`, 'utf8'))),
    },
    {
      name: 'nodejs_heap_size_used_bytes',
      help: 'Used size of the V8 heap in bytes.',
      type: 'gauge',
      read: () => [[{}, process.memoryUsage().heapUsed]],
    },
    {
      name: 'nodejs_heap_size_total_bytes',
      help: 'Total size of the V8 heap in bytes.',
      type: 'gauge',
      read: () => [[{}, process.memoryUsage().heapTotal]],
    },
    {
      name: 'nodejs_external_memory_bytes',
      help: 'Memory outside the V8 heap that its objects hold, mostly buffers, in bytes.',
      type: 'gauge',
      read: () => [[{}, process.memoryUsage().external]],
    },
  ]
}

function softLimit(limits: string): number {
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1])
}

/** Other systems have no such file, and Node's permission model may not let us read it. */
function readOr(read: () => number): Reading<number>[] {
  try {
    const value = read()
    return Number.isFinite(value) ? [[{}, value]] : []
  } catch {
    return []
  }
}
