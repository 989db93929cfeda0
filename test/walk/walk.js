/** Prints the walk of one warm SEND with an Idempotency-Key: the files in the order of their first call, and the number of calls. */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { instrument } from './instrument.js'

const root = join(import.meta.dirname, '../..')

/**
 * @returns {Promise<{ file: string, calls: number, functions: string[] }[]>} of the request with the fewest files and calls out of thirty: a
 * timer of the process may fall into one, and how many batches there are depends on when sockets are read
 */
export async function walkOfSend() {
  const folder = await mkdtemp(join(root, 'node_modules', '.walk-'))
  try {
    await instrument(root, folder)
    return await measure(join(folder, 'src'))
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function measure(src) {
  const load = (file) => import(pathToFileURL(join(src, file)).href)
  const [{ buildApp }, { loadConfig }, { pointedAt }, { startSandbox }, { createLogger }] =
    await Promise.all(
      [
        'app/app.js',
        'config/config.js',
        'config/for-sandbox.js',
        'sandbox/sandbox.js',
        'observability/logger.js',
      ].map(load),
    )
  const sandbox = await startSandbox({ port: 0 })
  const config = pointedAt(loadConfig({ SANDBOX: 'true' }), sandbox)
  const { server } = await buildApp(config, createLogger('info', { write: () => undefined }))
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  let count = 0
  const send = async () => {
    count += 1
    const response = await fetch(`${url}/conversations/walk/messages`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-lp-consumer-id': 'ada',
        'idempotency-key': `walk-${count}`,
      },
      body: '{"text":"Hi"}',
    })
    if (response.status !== 201) throw new Error(`answered ${response.status}`)
    await response.arrayBuffer()
  }
  try {
    for (let warm = 0; warm < 20; warm += 1) await send()
    const walks = []
    for (let tries = 0; tries < 30; tries += 1) walks.push(await watch(send))
    const [shortest] = walks.sort(
      (one, other) => one.length - other.length || callsOf(one) - callsOf(other),
    )
    return shortest
  } finally {
    await server.close()
    await sandbox.close()
  }
}

async function watch(send) {
  const files = new Map()
  globalThis.walk = (file, name) => {
    if (file.startsWith('sandbox/')) return
    const entry = files.get(file) ?? { file, calls: 0, functions: [] }
    entry.calls += 1
    if (!entry.functions.includes(name)) entry.functions.push(name)
    files.set(file, entry)
  }
  await send()
  globalThis.walk = undefined
  return [...files.values()]
}

function callsOf(walk) {
  return walk.reduce((sum, { calls }) => sum + calls, 0)
}

export function toTable(walk) {
  const rows = walk.map(
    ({ file, calls, functions }, index) =>
      `| ${index + 1} | \`${file}\` | ${calls} | ${functions.filter((name) => name !== '(anonymous)').join(', ')} |`,
  )
  return [
    '| | file | calls | functions |',
    '|---|---|---|---|',
    ...rows,
    '',
    `${walk.length} files, ${callsOf(walk)} calls.`,
  ].join('\n')
}

if (process.argv[1] === import.meta.filename)
  process.stdout.write(`${toTable(await walkOfSend())}\n`)
