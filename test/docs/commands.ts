/** Runs the commands that a page shows, on the sandbox that `npm run sandbox` starts. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { blocks, readPage, replaceText, root } from './page.ts'

const onFreePorts = { PORT: '0', SANDBOX_PORT: '0', WEBHOOK_PORT: '0', WEBHOOK_HOST: '127.0.0.1' }

/** What the pages call the listener that logs this. */
const shownFor: Readonly<Record<string, string>> = {
  listening: 'http://127.0.0.1:3000',
  'taking notifications': 'http://127.0.0.1:9080',
}

/** By the addresses that pages show: those of a fresh proxy on a fresh sandbox, and of its webhook listener, all on free ports. */
async function startSandbox(t: Test): Promise<Map<string, string>> {
  const { scripts } = JSON.parse(readPage('package.json'))
  const child = spawn('sh', ['-c', `exec env ${scripts.sandbox}`], {
    cwd: root,
    env: { ...process.env, ...onFreePorts, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  const addresses = new Map<string, string>()
  for await (const line of createInterface(child.stdout)) {
    const [, doing = '', address = ''] = /"([a-z ]+) at (http:\/\/127[\d.:]+)/.exec(line) ?? []
    const shown = shownFor[doing]
    if (shown !== undefined) addresses.set(shown, address)
    if (addresses.size === Object.keys(shownFor).length) return addresses
  }
  throw new Error('it did not start')
}

/** An answer on one line, without what differs each time: ids, the sandbox’s port, and what the storage calls a file. */
function normalize(json: string): string {
  return JSON.stringify(JSON.parse(json))
    .replace(/\/v1\/[^"]+\.PNG/g, '/v1/file.PNG')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'id')
    .replace(/localhost:\d+/g, 'localhost:0')
}

/** Compares an answer with the one shown; `tap --snapshot` writes it instead, in the same layout. */
function checkAnswer(t: Test, path: string, command: string, shown: string, answer: string): void {
  if (!t.writeSnapshot) return void t.equal(normalize(answer), normalize(shown), command)
  if (normalize(answer) === normalize(shown)) return
  const layout = shown.includes('\n') ? 2 : 0
  const written = JSON.stringify(JSON.parse(answer), null, layout)
  replaceText(path, shown, written.replace(/localhost:\d+/g, 'localhost:3001'))
}

/**
 * Runs each curl of a page, in order, and compares its answer with the one that the page shows right after it.
 * @param path from the root of the repository
 * @returns the answers, and what runs a command again
 */
export async function runCurls(
  t: Test,
  path: string,
): Promise<{ answers: string[]; run: (index: number) => Promise<string> }> {
  const addresses = await startSandbox(t)
  const all = blocks(readPage(path))
  const commands = all.flatMap(({ language, text }, index) => {
    const next = all[index + 1]
    const shown = next?.language === 'json' ? next.text : undefined
    return language === 'sh' && text.includes('curl ') ? [{ text, shown }] : []
  })
  const run = async (index: number) => {
    const command = commands[index]?.text ?? 'false'
    let atHand = command
    for (const [shown, address] of addresses) atHand = atHand.replaceAll(shown, address)
    t.not(atHand, command, `it calls the address of npm run sandbox: ${command}`)
    const { stdout } = await promisify(execFile)('sh', ['-c', atHand], { cwd: root })
    return stdout
  }
  const answers: string[] = []
  for (const [index, { text, shown }] of commands.entries()) {
    const answer = await run(index)
    answers.push(answer)
    if (shown !== undefined) checkAnswer(t, path, text, shown, answer)
  }
  return { answers, run }
}
