/** One candidate's process: started, asked once whether it does the work, warmed. */
import { randomUUID } from 'node:crypto'
import { closeSync, openSync, unlinkSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuOf } from './kernel.js'
import { startLoad } from './load.js'
import { freePort, isRunning, start, stop } from './processes.js'
import { pathOf, requests, writeRequest } from './requests.js'

const startLimitMs = 15_000

/**
 * Starts a candidate on its core, its log in a file.
 * @param bench what all share: `cores`, `folder` for files, `upstream`
 * @param changes `connections` to the upstream, `env` and `text` that differ from the default
 */
export async function startInstance(candidate, bench, changes = {}) {
  const { connections = 128, env, text } = changes
  const port = await freePort()
  const { command, args, ...launch } = candidate.launch({ ...bench, port, connections, env })
  const logFile = join(bench.folder, `${candidate.name}-${port}.log`)
  const log = openSync(logFile, 'w')
  const child = start(bench.cores.candidate, command, args, { env: launch.env, stdout: log })
  const request = requests[changes.request ?? candidate.request](text)
  const requestFile = join(bench.folder, `request-${port}`)
  writeRequest(requestFile, request)
  const instance = { candidate, pid: child.pid, port, request, requestFile, child }
  await untilItAnswers(instance)
  return {
    ...instance,
    async close() {
      await stop(child)
      closeSync(log)
      unlinkSync(logFile)
    },
  }
}

async function untilItAnswers({ candidate, child, port, request }) {
  const end = performance.now() + startLimitMs
  while (performance.now() < end && isRunning(child)) {
    const answer = await ask(port, 'POST', request).catch(() => undefined)
    if (answer !== undefined) return check(candidate, request, answer)
    await sleep(20)
  }
  throw new Error(`${candidate.name} did not start`)
}

/** A candidate that does not do the work is no candidate. */
function check({ name }, request, { status, text }) {
  if (status !== request.status || !request.isAnswer(text)) {
    throw new Error(`${name} answered ${status} ${text.slice(0, 300)}`)
  }
}

/** One request on a connection of its own. */
export function ask(port, method, request) {
  const { headers = {}, body = '' } = request
  const path = pathOf(request, 1)
  return new Promise((resolve, reject) => {
    const filled = Object.entries(headers).map(([name, value]) => [
      name,
      value.replace('{id}', '1').replace('{unique}', randomUUID()),
    ])
    const options = { port, path, method, headers: Object.fromEntries(filled), agent: false }
    httpRequest({ ...options, host: '127.0.0.1', timeout: 5_000 }, async (response) => {
      resolve({ status: response.statusCode, text: await readText(response) })
    })
      .on('timeout', function end() {
        this.destroy()
      })
      .on('error', reject)
      .end(body)
  })
}

/** The load of one instance, on the load's core. */
export function loadOf({ port, requestFile }, { cores }, load) {
  const origin = `http://127.0.0.1:${port}`
  return startLoad({ core: cores.load, origin, requestFile, ...load })
}

/** Until the JIT has settled: so many requests, or so much CPU time; a busy machine gets up to `limitMs` for it. */
export async function warm(instance, bench, load) {
  const { connections, warmRequests, warmMs, rotate, conversations, limitMs = 3 * warmMs } = load
  const { upstream } = bench
  const order = 'sequential'
  const wrk = loadOf(instance, bench, { connections, rotate, conversations, order })
  const end = performance.now() + limitMs
  const enough = cpuOf(instance.pid) + warmMs * 1e6
  const first = await upstream.sends()
  while (
    performance.now() < end &&
    cpuOf(instance.pid) < enough &&
    (await upstream.sends()) - first < warmRequests
  ) {
    await sleep(100)
  }
  await wrk.stop()
}
