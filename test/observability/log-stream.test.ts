import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import t from 'tap'

/** The command line of a script that writes to the log's stream, with tap's own flags so that TypeScript is loaded. */
function argsOf(script: string): string[] {
  const file = JSON.stringify(
    new URL('../../src/observability/log-stream.ts', import.meta.url).href,
  )
  const program = `import { LogStream } from ${file}; const lines = new LogStream(); ${script}`
  return [...process.execArgv, '--input-type=module', '--eval', program]
}

function run(script: string) {
  return spawn(process.execPath, argsOf(script))
}

t.test('every line is written when the process ends by itself, in order', async (t) => {
  const child = run(
    "for (let n = 0; n < 3000; n += 1) lines.write(n + ' ' + 'x'.repeat(90) + ' é\\n')",
  )
  const written = await text(child.stdout)
  const numbers = written
    .split('\n')
    .slice(0, -1)
    .map((line) => Number.parseInt(line, 10))
  t.strictSame(numbers, [...numbers.keys()])
  t.equal(numbers.length, 3000)
  t.match(written, / x{90} é\n/)
})

t.test('every line is written when the process is ended from within', async (t) => {
  const child = run("lines.write('one\\n'); lines.write('two\\n'); process.exit(3)")
  const [written, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  t.equal(written, 'one\ntwo\n')
  t.equal(code, 3)
})

t.test('a line does not wait for others to come', async (t) => {
  const child = run("lines.write('one\\n'); setInterval(() => {}, 60_000)")
  t.teardown(() => child.kill())
  const [chunk] = await once(child.stdout, 'data')
  t.equal(String(chunk), 'one\n')
})

t.test('a flush writes what is there', async (t) => {
  const child = run(
    "lines.flush(); lines.write('one\\n'); lines.flush(() => process.stderr.write('done')); setInterval(() => {}, 60_000)",
  )
  t.teardown(() => child.kill())
  await once(child.stderr, 'data')
  const [chunk] = await once(child.stdout, 'data')
  t.equal(String(chunk), 'one\n')
})

t.test('a flush behind the close is over at once', async (t) => {
  const child = run(
    "lines.write('one\\n'); lines.close(); lines.flush((error) => process.stderr.write(String(error?.message)))",
  )
  const [written, said, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  t.equal(written, 'one\n')
  t.match(said, /destroyed/)
  t.notMatch(said, /RangeError/)
  t.equal(code, 0)
})

t.test('what a reader does not read is dropped beyond 16 MiB', async (t) => {
  const child = run(`
    const line = 'x'.repeat(1023) + '\\n'
    for (let n = 0; n < 40_000; n += 1) lines.write(line)
    process.stderr.write(String(lines.dropped), () => setInterval(() => {}, 60_000))`)
  t.teardown(() => child.kill('SIGKILL'))
  const [dropped] = await once(child.stderr, 'data')
  let bytes = 0
  child.stdout.on('data', (chunk) => {
    bytes += chunk.length
  })
  // The rest comes once it is read; it has ended when nothing more comes for a while.
  let seen = -1
  while (seen !== bytes) {
    seen = bytes
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  t.ok(bytes > 15 * 1024 * 1024, `${bytes}`)
  t.ok(bytes < 18 * 1024 * 1024, `${bytes}`)
  t.equal(bytes % 1024, 0, 'lines are dropped whole')
  t.equal(bytes / 1024 + Number(dropped), 40_000, 'and counted')
})

t.test('a line that may be the last one goes out at once', async (t) => {
  const child = run(
    "lines.write('one\\n'); lines.flushSync(); const end = Date.now() + 150; while (Date.now() < end); process.kill(process.pid, 'SIGKILL')",
  )
  t.equal(await text(child.stdout), 'one\n')
})

t.test('on a full disk lines are dropped, the process goes on, and comes to its end', async (t) => {
  const full = openSync('/dev/full', 'w')
  t.teardown(() => closeSync(full))
  const script = `
    const failed = () => new Promise((resolve) => lines.flush(resolve))
    lines.write('one\\n')
    await failed()
    lines.write('dropped\\n')
    await failed()
    const now = performance.now.bind(performance)
    performance.now = () => now() + 2_000
    lines.write('tried again\\n')
    await failed()
    process.stderr.write('alive, dropped ' + lines.dropped)
    process.exit(0)`
  const child = spawn(process.execPath, argsOf(script), { stdio: ['ignore', full, 'pipe'] })
  if (child.stderr === null) throw new Error('there is a pipe')
  t.teardown(() => child.kill('SIGKILL'))
  const [written, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  t.equal(written, 'alive, dropped 3')
  t.equal(code, 0)
})

t.test('what was written before its reader went does not count as dropped', async (t) => {
  const child = run(`
    const flushed = () => new Promise((resolve) => lines.flush(resolve))
    const line = 'é' + 'x'.repeat(997) + '\\n'
    for (let n = 0; n < 50; n += 1) lines.write(line)
    await flushed()
    process.stderr.write('written')
    await new Promise((resolve) => process.stdin.once('data', resolve))
    for (let n = 0; n < 3; n += 1) lines.write(line)
    await flushed()
    process.stderr.write('dropped ' + lines.dropped)
    process.exit(0)`)
  t.teardown(() => child.kill('SIGKILL'))
  child.stdout.resume()
  await once(child.stderr, 'data')
  child.stdout.destroy()
  await once(child.stdout, 'close')
  child.stdin.write('go on')
  const [said] = await once(child.stderr, 'data')
  t.equal(String(said), 'dropped 3')
})

t.test('a pipe without a reader leaves nothing behind, however often it is tried', async (t) => {
  const child = run(`
    let timers = 0
    const { setInterval, clearInterval } = globalThis
    globalThis.setInterval = (...args) => { timers += 1; return setInterval(...args) }
    globalThis.clearInterval = (timer) => { timers -= 1; clearInterval(timer) }
    let now = 0
    performance.now = () => now
    await new Promise((resolve) => process.stdin.once('data', resolve))
    for (let n = 0; n < 20; n += 1) {
      now += 2_000
      lines.write('one\\n')
      await new Promise((resolve) => lines.flush(resolve))
    }
    process.stderr.write(timers + ' timers, dropped ' + lines.dropped)
    process.exit(0)`)
  t.teardown(() => child.kill('SIGKILL'))
  child.stdout.destroy()
  await once(child.stdout, 'close')
  child.stdin.write('go on')
  const [[said], [code]] = await Promise.all([once(child.stderr, 'data'), once(child, 'exit')])
  // The first timer is older than the count.
  t.equal(String(said), '-1 timers, dropped 20')
  t.equal(code, 0)
})

t.test('a reader that has stopped does not hold the end of the process', async (t) => {
  const child = run(`
    process.prependOnceListener('exit', () => lines.close())
    for (let n = 0; n < 4_000; n += 1) lines.write('x'.repeat(1023) + '\\n')
    process.exit(3)`)
  t.teardown(() => child.kill('SIGKILL'))
  t.strictSame(await once(child, 'exit'), [3, null])
})
