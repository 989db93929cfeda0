/** Thousands of callers at once, each with a full-size request, and an upstream that stalls: all are answered, in bounded memory. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { text as readAll } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Context } from '../context.ts'
import { type CrowdOrder, type CrowdReport, crowdId } from '../crowd-order.ts'
import type { Fault } from '../fault.ts'
import { countBy, round, spreadOf } from '../figures.ts'
import { Gate } from '../gate.ts'
import { endWithUs } from '../proxy.ts'

/** Files a process needs besides those connections. */
const otherFiles = 400

const stalls: Fault = {
  class: 'stalled clients',
  name: 'the upstream stalls',
  deadline: 'short',
  weight: 1,
  play: async (exchange) => {
    if (await exchange.process()) await exchange.hold()
  },
}

export async function stalled(context: Context): Promise<void> {
  const { upstream, size, oracle, report, seed } = context
  const count = Math.min(size.stalledClients, mostOpenFiles() - otherFiles)
  const gate = await context.host('stalled', new Gate({ open: (socket) => upstream.serve(socket) }))
  const running = await context.start([gate])
  for (let index = 0; index < count; index += 1) {
    oracle.expect(crowdId(index), 'stalled', stalls)
    upstream.plan(crowdId(index), [stalls])
  }
  const { port } = running.proxy
  const { nowMb } = running.proxy.memory()
  const crowd = await gather({ port, count, seed, account: 'stalled', deadlineMs: size.stalledMs })
  const { peakMb } = running.proxy.memory()
  await context.stop(running)
  gate.close()
  const logged = countBy(
    running.proxy.printed().matchAll(/"requestId":"(crowd-\d+)"/g),
    ([, id]) => id,
  )
  const lost: string[] = []
  for (const { id, status, code, delivery, ms, resets } of crowd.outcomes) {
    const problem = status < 300 ? undefined : { code, delivery }
    const answer = { status, headers: {}, body: '', problem, ms, firstByteMs: ms }
    oracle.answered(id, status === 0 ? undefined : answer)
    // It was let in more often than it was answered.
    if (resets > 0 && (logged.get(id) ?? 0) > 1) lost.push(id)
  }
  const codes = countBy(crowd.outcomes, ({ status, code }) => `${status} ${code}`)
  const { mostOpen, leaks } = crowd
  report.figures['stalledClients'] = {
    count,
    mostOpen,
    codes: Object.fromEntries(codes),
    neverLetInAtFirst: crowd.outcomes.filter(({ resets }) => resets > 0).length,
    lost: lost.length,
    ms: spreadOf(crowd.outcomes.map(({ ms }) => ms)),
    beforeMb: round(nowMb),
    peakMb: round(peakMb),
  }
  report.promise('no answer to them is lost in a reset', lost.length === 0, lost.length, 0)
  const isEnough = count === size.stalledClients
  const mostMb = size.mostStalledMb
  const isKept = peakMb < mostMb && leaks === 0
  report.promise(
    `${count} stalled clients fit into memory`,
    isEnough ? isKept : undefined,
    `${round(peakMb)} MB`,
    `${mostMb} MB`,
    isEnough ? `${mostOpen} open at a time` : `ulimit -n is too low for ${size.stalledClients}`,
  )
}

async function gather(order: CrowdOrder): Promise<CrowdReport> {
  const program = fileURLToPath(new URL('../crowd.js', import.meta.url))
  const child = spawn(process.execPath, [program, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  endWithUs(child)
  return JSON.parse(await readAll(child.stdout))
}

/** What `ulimit -n` says, for this process and those it starts. */
function mostOpenFiles(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8')
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY)
}
