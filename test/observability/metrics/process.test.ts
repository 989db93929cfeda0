import { mkdirSync, writeFileSync } from 'node:fs'
import { Registry } from '@prometheus-io/client'
import t from 'tap'
import { EventLoopLag } from '../../../src/http/event-loop-lag.ts'
import { register } from '../../../src/observability/metrics/family.ts'
import { processFamilies } from '../../../src/observability/metrics/process.ts'
import { parseMetrics, scrape } from '../../scrape.ts'
import { start } from '../../start.ts'

async function read(procFolder: string) {
  const registry = new Registry()
  register(
    registry,
    processFamilies({
      eventLoop: new EventLoopLag(),
      log: { dropped: 7 },
      version: '1.2.3',
      procFolder,
    }),
  )
  return parseMetrics(await registry.metrics())
}

t.test('the process is shown under the names that Prometheus’s clients share', async (t) => {
  const { url } = await start(t)
  const before = await scrape(url)
  for (const name of [
    'process_cpu_user_seconds_total',
    'process_cpu_system_seconds_total',
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'nodejs_heap_size_used_bytes',
    'nodejs_heap_size_total_bytes',
    'nodejs_external_memory_bytes',
    'event_loop_active_seconds_total',
  ]) {
    t.ok(before.value(name) > 0, name)
  }
  t.equal(before.value('build_info', { node: process.version }), 1)
  t.ok(Math.abs(before.value('process_start_time_seconds') * 1000 - performance.timeOrigin) < 1)
  while ((await scrape(url)).value('event_loop_delay_seconds_count') === 0);
  const after = await scrape(url)
  const cpu = 'process_cpu_seconds_total'
  t.ok(after.value(cpu) > before.value(cpu), 'it is read at each scrape')
  t.ok(after.value('event_loop_smoothed_delay_seconds') >= 0)
})

t.test('open files are counted where the system tells of them', async (t) => {
  const folder = t.testdir({
    fd: { 0: '', 1: '', 2: '', 20: '' },
    limits: [
      'Limit                     Soft Limit           Hard Limit           Units',
      'Max processes             62903                62903                processes',
      'Max open files            1024                 524288               files',
    ].join('\n'),
  })
  const told = await read(folder)
  t.equal(told.value('process_open_fds'), 3, 'without the one that reads')
  t.equal(told.value('process_max_fds'), 1024)
  writeFileSync(`${folder}/limits`, 'Max open files            unlimited            unlimited\n')
  t.ok(Number.isNaN((await read(folder)).value('process_max_fds')))
  mkdirSync(`${folder}/empty`)
  const untold = await read(`${folder}/empty`)
  t.ok(Number.isNaN(untold.value('process_open_fds')))
  t.ok(Number.isNaN(untold.value('process_max_fds')))
  t.equal(untold.value('log_lines_dropped_total'), 7)
  t.equal(untold.value('build_info', { version: '1.2.3' }), 1)
})
