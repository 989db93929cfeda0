/**
 * A thousand clients that are slow on purpose, in the three ways that slowhttptest knows, do not keep a good one from being
 * served. Run by `npm run test:slow`, apart from the other tests: it takes a minute, the built program and slowhttptest.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { test } from 'tap'

const program = fileURLToPath(new URL('../../dist/server.js', import.meta.url))

const attackSeconds = 15
const connections = 1_000
const probeEveryMs = 200

/** An attack of a few seconds at least; the proxy may end it early, by closing what is too slow. */
const leastProbes = 20

/** What a good client may have to wait on a busy machine; without the attack it is a few milliseconds. */
const longestMs = 5_000

/** What a probe takes as an answer; longer is a failure all the same. */
const patienceMs = 10_000

const tokens = 'eyJhbGciOiJub25lIn0.e30.c2FtcGxl'
const credentials = { authorization: tokens, 'x-lp-on-behalf': tokens }

/** The tool has no option for these, so they follow its cookie. Without them the answer would come before the body. */
const headersOfAttack = `a=b\r\nAuthorization: ${tokens}\r\nX-LP-ON-BEHALF: ${tokens}`

const messages = '/conversations/c1/messages'

/** The path and the tool's options for each way, beside those for all. */
const ways: [name: string, path: string, options: string[]][] = [
  ['headers', messages, ['-H', '-t', 'POST', '-i', '1', '-x', '16']],
  [
    'body',
    messages,
    ['-B', '-f', 'application/json', '-s', '8192', '-j', headersOfAttack, '-i', '1', '-x', '16'],
  ],
  // Three answers that are larger than what the socket of such a reader takes.
  ['read', '/openapi.json', ['-X', '-k', '3', '-w', '8', '-y', '16', '-n', '1', '-z', '32']],
]

/** The built program with its sandbox. */
async function startProgram(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, SANDBOX: 'true', SANDBOX_PORT: '0', PORT: '0', LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // Read to the end, or the program would wait for its log to be taken.
  const lines = createInterface({ input: child.stdout })
  const url = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      const found = /listening at (http:\/\/127\.0\.0\.1:\d+)"/.exec(line)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('exit', () => reject(new Error('the program ended')))
  })
  return { child, url }
}

type Probe = { status: number | string; ms: number }

async function probe(url: string): Promise<Probe> {
  const begun = performance.now()
  const status = await fetch(`${url}/conversations/c1/messages`, {
    method: 'POST',
    headers: { ...credentials, 'content-type': 'application/json', connection: 'close' },
    body: '{"text":"Hi"}',
    signal: AbortSignal.timeout(patienceMs),
  }).then(
    async (response) => {
      await response.arrayBuffer()
      return response.status
    },
    (error: unknown) => String(error),
  )
  return { status, ms: performance.now() - begun }
}

/** A message every 200 ms, whether or not those before it are answered, until the attack is over. */
async function probeWhile(url: string, isUnderAttack: () => boolean): Promise<Probe[]> {
  const probes: Promise<Probe>[] = []
  while (isUnderAttack()) {
    probes.push(probe(url))
    await wait(probeEveryMs)
  }
  return Promise.all(probes)
}

const isInstalled = spawnSync('slowhttptest', ['-h']).error === undefined

/** @returns how many slow connections there were at once, by the tool's own report */
async function attack(url: string, options: string[]): Promise<number> {
  const forAll = ['-c', connections, '-r', 500, '-l', attackSeconds, '-p', 3, '-u', url].map(String)
  const child = spawn('slowhttptest', [...options, ...forAll], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  // The tool keeps to its own time; this is for one that does not.
  const cut = setTimeout(() => child.kill('SIGKILL'), (attackSeconds + 5) * 1_000)
  const report = stripVTControlCharacters(await text(child.stdout))
  clearTimeout(cut)
  const counts = [...report.matchAll(/connected:\s+(\d+)/g)].map(([, count]) => Number(count))
  return Math.max(0, ...counts)
}

test('a thousand slow clients do not keep a good one from being served', async (t) => {
  if (!isInstalled) {
    t.fail('slowhttptest is not installed: apt-get install slowhttptest')
    return
  }
  const { child, url } = await startProgram()
  t.teardown(() => child.kill('SIGKILL'))
  for (const [name, path, options] of ways) {
    await t.test(`slow ${name}`, async (t) => {
      let isOver = false
      const attacked = attack(`${url}${path}`, options).finally(() => {
        isOver = true
      })
      const probes = await probeWhile(url, () => !isOver)
      const most = await attacked
      const slowest = Math.round(Math.max(...probes.map(({ ms }) => ms)))
      t.comment(
        `${probes.length} messages beside ${most} slow connections, the slowest in ${slowest} ms`,
      )
      t.ok(most >= connections / 2, 'the attack took place')
      t.ok(probes.length >= leastProbes, 'it lasted long enough to be judged')
      const failed = probes.filter(({ status }) => status !== 201)
      t.strictSame(failed, [], 'every message was answered 201')
      t.ok(slowest < longestMs, 'in time')
      t.equal(child.exitCode, null, 'the program lives')
    })
  }
})
