/** The real process: what an operator starts, with tap's own flags so that it loads TypeScript and counts for the coverage. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text as readAll } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { Environment } from '../src/config/environment.ts'

export type Run = {
  child: ChildProcess
  /** Everything printed so far. */
  printed(): string
  /** Waits until what was printed matches. */
  until(pattern: RegExp): Promise<string>
  /** Waits until what it said on stderr matches. @returns the match */
  said(pattern: RegExp): Promise<string>
  /** Waits for the address it listens at. */
  url(): Promise<string>
  /** Waits for its end. */
  exit: Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }>
}

const server = fileURLToPath(new URL('../src/server.ts', import.meta.url))

/** @param preload a module that is loaded before it @param args its command line @param openFiles their limit */
export function startProcess(
  t: Test,
  env: Record<string, string>,
  preload?: string,
  args: readonly string[] = [],
  openFiles?: number,
): Run {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !(name in Environment.properties)),
  )
  const flags = preload === undefined ? [] : [`--import=${preload}`]
  const words = [process.execPath, ...process.execArgv, ...flags, server, ...args]
  const limited = ['sh', '-c', `ulimit -n ${openFiles}; exec "$0" "$@"`]
  const [command = '', ...rest] = openFiles === undefined ? words : [...limited, ...words]
  const child = spawn(command, rest, {
    env: { ...inherited, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let printed = ''
  child.stdout.on('data', (chunk) => {
    printed += chunk
    child.emit('printed')
  })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
    child.emit('said')
  })
  const over = once(child, 'exit')
  const until = async (pattern: RegExp) => {
    while (!pattern.test(printed)) {
      if (child.exitCode !== null) throw new Error(`the process ended after: ${printed}`)
      await Promise.race([once(child, 'printed'), over])
    }
    return printed
  }
  const saidOf = async (pattern: RegExp) => {
    for (;;) {
      const [match] = pattern.exec(said) ?? []
      if (match !== undefined) return match
      if (child.exitCode !== null) throw new Error(`the process ended after: ${said}`)
      await Promise.race([once(child, 'said'), over])
    }
  }
  return {
    child,
    printed: () => printed,
    until,
    said: saidOf,
    url: async () => /listening at (\S+)"/.exec(await until(/listening at \S+"/))?.[1] ?? '',
    exit: Promise.all([over, readAll(child.stdout), readAll(child.stderr)]).then(
      ([[code, signal], stdout, stderr]) => ({ code, signal, stdout, stderr }),
    ),
  }
}
