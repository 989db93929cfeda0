import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { test } from 'tap'
import { startSandbox } from '../src/sandbox/sandbox.ts'

const options = existsSync('/proc/self/clear_refs') ? {} : { skip: 'there is no /proc' }

/** Mebibytes of a process: resident now, and at most since `clear_refs`. */
function memoryOf(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const read = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024
  return { now: read('VmRSS'), peak: read('VmHWM') }
}

test('eight pictures of 3 MB at once take less than 64 MB of extra memory', options, async (t) => {
  const sandbox = await startSandbox({ port: 0 })
  t.teardown(() => sandbox.close())
  const child = spawn(process.execPath, ['dist/server.js'], {
    cwd: new URL('../', import.meta.url),
    env: {
      PORT: '0',
      LP_ACCOUNT_ID: sandbox.accountId,
      LP_CLIENT_ID: sandbox.clientId,
      LP_CLIENT_SECRET: sandbox.clientSecret,
      LP_DOMAIN_API_URL: sandbox.origin,
      LP_ALLOWED_HOSTS: new URL(sandbox.origin).host,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  const lines = createInterface(child.stdout)
  const [line] = await once(lines, 'line')
  const [url] = /http:\/\/127[^"]+/.exec(line) ?? []
  const { pid = 0 } = child
  const headers = { 'x-lp-consumer-id': 'ada' }
  const upload = async (bytes: number) => {
    const form = new FormData()
    const picture = Buffer.alloc(bytes)
    picture.write('89504e470d0a1a0a', 'hex')
    form.set('file', new Blob([picture]), 'a.png')
    const init = { method: 'POST', headers, body: form }
    const response = await fetch(`${url}/conversations/demo/files`, init)
    await response.arrayBuffer()
    return response.status
  }
  for (const _ of [1, 2, 3]) t.equal(await upload(3_000_000), 201, 'everything is loaded')
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
  const before = memoryOf(pid).now
  const statuses = await Promise.all(Array.from({ length: 8 }, () => upload(3_145_728)))
  t.strictSame(new Set(statuses), new Set([201]))
  const extra = memoryOf(pid).peak - before
  t.comment(`${before.toFixed(0)} MB before, ${extra.toFixed(0)} MB more at most`)
  t.ok(extra < 64, `${extra.toFixed(0)} MB`)
})
