/** What only the bundle can get wrong: the parts that look for files of their own, or that are loaded when they are asked for. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { portOf } from '../upstream.ts'

const folder = fileURLToPath(new URL('../../dist/', import.meta.url))

/** From another folder than its own, with nothing of this process's environment. */
function start(t: Test, file: string, env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [`${folder}${file}`], {
    cwd: '/',
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

/** The first line that matches, of what it prints. */
async function lineOf({ stdout }: ChildProcess, pattern: RegExp): Promise<string> {
  if (stdout === null) throw new Error('its output is not read')
  for await (const line of createInterface(stdout)) {
    if (pattern.test(line)) return line
  }
  throw new Error('it ended before it said so')
}

async function addressOf(child: ChildProcess): Promise<string> {
  return /http:[^"]+/.exec(await lineOf(child, /listening at/))?.[0] ?? ''
}

/** A path as it is; `fetch` would resolve its dots. */
function get(origin: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin)
    request({ hostname, port, path, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
      .on('error', reject)
      .end()
  })
}

const sandboxed = { SANDBOX: 'true', SANDBOX_PORT: '0', PORT: '0' }

t.test('each part is quick to load and small in memory', async (t) => {
  const parts = (await readdir(folder)).filter((name) => name.endsWith('.js'))
  t.ok(parts.length > 10)
  for (const part of parts) {
    const code = await readFile(`${folder}${part}`, 'utf8')
    t.notMatch(code, /\P{ASCII}/u, `${part} is kept in one byte a character`)
    t.notMatch(code, /from "node:http"/, `${part} loads no undici of Node.js itself`)
  }
})

t.test(
  'the pages of Swagger UI and the documents are there, and nothing else below them',
  async (t) => {
    const origin = await addressOf(start(t, 'server.js', sandboxed))
    const present = [
      'docs/',
      'docs/json',
      'docs/static/docs.css',
      'docs/static/docs.js',
      'docs/static/swagger-ui-bundle.js',
    ]
    for (const path of [...present, 'openapi.json', 'openapi.yaml', 'metrics', 'readyz']) {
      t.equal(await get(origin, `/${path}`), 200, path)
    }
    for (const path of [
      'index.css',
      'x',
      '..%2fx',
      '%00',
      '.git',
      'static/..%2f..%2fpackage.json',
    ]) {
      t.equal(await get(origin, `/docs/${path}`), 404, path)
    }
  },
)

function send(origin: string): Promise<Response> {
  return fetch(`${origin}/conversations/demo/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-lp-consumer-id': 'ada' },
    body: JSON.stringify({ text: 'Hi' }),
  })
}

t.test('a message goes to the sandbox that stands alone', async (t) => {
  const sandbox = start(t, 'sandbox/server.js', { SANDBOX_PORT: '0' })
  const [, variables = ''] = (await lineOf(sandbox, /^Point/)).split(': ')
  const pointed = Object.fromEntries(variables.split(' ').map((pair) => pair.split('=', 2)))
  const origin = await addressOf(start(t, 'server.js', { PORT: '0', ...pointed }))
  t.equal((await send(origin)).status, 201)
})

t.test('spans leave the process', async (t) => {
  const collector = createServer((request, response) => {
    request.resume()
    response.end()
  })
  t.teardown(() => {
    collector.close()
    collector.closeAllConnections()
  })
  await once(collector.listen(0, '127.0.0.1'), 'listening')
  const arrived = once(collector, 'request')
  const tracing = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${portOf(collector)}`,
    OTEL_BSP_SCHEDULE_DELAY: '1',
  }
  const origin = await addressOf(start(t, 'server.js', { ...sandboxed, ...tracing }))
  t.equal((await send(origin)).status, 201)
  const [{ url }] = await arrived
  t.equal(url, '/v1/traces')
})

t.test('its commands are loaded when they are asked for', (t) => {
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [`${folder}server.js`, ...args], {
      cwd: '/',
      // The bundle's source maps would count its lines beside those of the sources.
      env: { SANDBOX: 'true', _TAPJS_PROCESSINFO_COVERAGE_: '0' },
      encoding: 'utf8',
    })
  t.match(run('--version'), /^\d+\.\d+\.\d+\n$/)
  t.match(run('--check-config'), 'sandbox')
  t.end()
})
