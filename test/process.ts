/** The real process: what an operator starts. */
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

/** The scripts that build first, and do not count coverage. */
const isBuilt = /^test(?!:coverage)/.test(process.env['npm_lifecycle_event'] ?? '')

/**
 * What starts a program: the built one where an npm script has just built it, in a third of the CPU time; else its sources, with tap's own
 * flags, so that TypeScript is loaded and counts for the coverage.
 * @param name its path in `src`, without the extension
 */
export function commandOf(name: string): [command: string, ...args: string[]] {
  return isBuilt
    ? [process.execPath, pathOf(`../dist/${name}.js`)]
    : [process.execPath, ...process.execArgv, pathOf(`../src/${name}.ts`)]
}

function pathOf(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}

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
  const [node, ...program] = commandOf('server')
  const flags = preload === undefined ? [] : [`--import=${preload}`]
  const words = [node, ...flags, ...program, ...args]
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
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the process ended after: ${printed}`)
      await Promise.race([once(child, 'printed'), over])
    }
    return printed
  }
  const saidOf = async (pattern: RegExp) => {
    for (;;) {
      const [match] = pattern.exec(said) ?? []
      if (match !== undefined) return match
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the process ended after: ${said}`)
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
