import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { canOpenFiles, readMostOpenFiles } from '../../src/http/open-files.ts'
import { startProcess } from '../process.ts'
import { openWire, post } from '../wire.ts'

t.test('the limit of open files is that of the process, where the system tells it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'limits-'))
  const read = (words: string) => {
    const file = join(folder, 'limits')
    writeFileSync(file, `Limit  Soft Limit  Hard Limit  Units\n${words}\n`)
    return readMostOpenFiles(file)
  }
  t.equal(read('Max open files            1024                 4096                 files'), 1024)
  t.equal(
    read('Max open files            unlimited            unlimited            files'),
    Infinity,
  )
  t.equal(readMostOpenFiles(join(folder, 'none')), Infinity)
  t.end()
})

t.test('only a limit that is reached means that no file can be opened', (t) => {
  const failing = (code: string) => () => {
    throw Object.assign(new Error(code), { code })
  }
  t.equal(canOpenFiles(), true)
  t.equal(canOpenFiles('x', failing('EMFILE')), false)
  t.equal(canOpenFiles('x', failing('ENFILE')), false)
  t.equal(canOpenFiles('x', failing('ERR_ACCESS_DENIED')), true)
  t.equal(
    canOpenFiles('x', () => {
      throw new Error('without a code')
    }),
    true,
  )
  t.end()
})

/** Only Linux tells the limit of a process. */
const onLinux = { skip: process.platform !== 'linux' }
const sandbox = { SANDBOX: 'true', SANDBOX_PORT: '0', LOG_LEVEL: 'info' }

t.test(
  '1,124 silent connections under a limit of 1,024 files keep no message out',
  onLinux,
  async (t) => {
    const run = startProcess(t, sandbox, undefined, [], 1_024)
    const url = await run.url()
    for (let opened = 0; opened < 1_124; opened += 1) await openWire(t, url)
    const wire = await openWire(t, url, post('/conversations/c1/messages', '{"text":"Hi"}'))
    t.match(await wire.until(/"sequence"|"code"/), /^HTTP\/1.1 201 /)
    const response = await fetch(`${url}/readyz`)
    t.equal(response.status, 200)
  },
)

t.test('the probes say 503 while the process can open no file, and 200 after that', async (t) => {
  const preload = `data:text/javascript,${encodeURIComponent(`
    import { closeSync, openSync } from 'node:fs'
    const files = []
    process.on('SIGWINCH', () => {
      if (files.length > 0) for (const file of files.splice(0)) closeSync(file)
      else try { for (;;) files.push(openSync('/dev/null')) } catch { console.log('{"msg":"files are used up"}') }
    })`)}`
  const run = startProcess(t, sandbox, preload, [], 256)
  const url = await run.url()
  const wire = await openWire(t, url)
  let asked = 0
  const ask = async (path: string) => {
    asked += 1
    wire.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: r${asked}.\r\n\r\n`)
    const received = await wire.until(new RegExp(`x-request-id: r${asked}\\.[\\s\\S]*}`))
    return received.slice(received.lastIndexOf('HTTP/1.1'))
  }
  t.match(await ask('/livez'), /^HTTP\/1.1 200 /)
  run.child.kill('SIGWINCH')
  await run.until(/files are used up/)
  for (const path of ['/livez', '/readyz']) {
    t.match(await ask(path), /^HTTP\/1.1 503 [\s\S]*ulimit -n/, path)
  }
  run.child.kill('SIGWINCH')
  while (!(await ask('/livez')).startsWith('HTTP/1.1 200 ')) await new Promise(setImmediate)
  t.match(await ask('/readyz'), /^HTTP\/1.1 200 /)
})
