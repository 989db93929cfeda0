/** The processes of the benchmark: each pinned to a core, none left behind. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import process from 'node:process'

const running = new Set()

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

/** Moves this process with all its threads. */
export function pinSelf(core) {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', `${core}`, `${process.pid}`], {
    stdio: 'ignore',
  })
}

/**
 * Starts a program on one core. taskset becomes the program, so the child's id is the program's.
 * The environment is `env` and a PATH, nothing of this process: what a developer has set must not be measured.
 */
export function start(core, command, args, { env = {}, stdout = 'ignore', ipc = false } = {}) {
  const child = spawn('taskset', ['--cpu-list', `${core}`, command, ...args], {
    env: { PATH: `${process.env.PATH}:/usr/sbin`, NODE_ENV: 'production', ...env },
    stdio: ['ignore', stdout, 'inherit', ...(ipc ? ['ipc'] : [])],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

export async function stop(child) {
  if (!running.has(child)) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

/** The next message of a child with `ipc`. @throws Error where it ends instead */
export async function messageFrom(child) {
  const gone = new AbortController()
  const end = () => gone.abort(new Error('a process of the benchmark ended before it answered'))
  child.once('exit', end)
  const [message] = await once(child, 'message', { signal: gone.signal })
  child.off('exit', end)
  return message
}

export function isRunning(child) {
  return running.has(child)
}

/** A port that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
