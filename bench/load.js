/** The closed-loop load: wrk on the other core, until it is stopped. */
import { once } from 'node:events'
import { text as readText } from 'node:stream/consumers'
import { start } from './processes.js'
import { conversations as manyConversations } from './requests.js'

const script = new URL('load.lua', import.meta.url).pathname
/** It is stopped long before. */
const longest = '900s'
const againMs = 500

/**
 * @param requestFile as `writeRequest` writes it
 * @param rotate how many values `{id}` takes in it
 * @param order `sequential` or `random`
 * @param conversations how many the requests rotate over, where their path names one
 * @returns the process, what pauses and resumes it, and `stop`, which answers what wrk saw
 */
export function startLoad({ core, origin, connections, requestFile, ...rotation }) {
  const { rotate = 1, order, conversations = manyConversations } = rotation
  const args = ['-t1', `-c${connections}`, `-d${longest}`, '--timeout', '10s', '-s', script, origin]
  const env = {
    REQUEST: requestFile,
    ROTATE: `${rotate}`,
    CONVERSATIONS: `${conversations}`,
    ORDER: order,
    UNIQUE: `${Date.now().toString(36)}-`,
  }
  const child = start(core, 'wrk', args, { env, stdout: 'pipe' })
  const output = readText(child.stdout)
  const exited = once(child, 'exit')
  return {
    pid: child.pid,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    async stop() {
      // wrk misses a signal that comes just before it falls asleep.
      const again = setInterval(() => child.kill('SIGINT'), againMs)
      child.kill('SIGINT')
      await exited
      clearInterval(again)
      const line = (await output).split('\n').findLast((candidate) => candidate.startsWith('{'))
      if (line === undefined) throw new Error(`wrk failed: ${await output}`)
      return JSON.parse(line)
    },
  }
}
