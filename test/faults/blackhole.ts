/** A port that never answers: a process that listens, is stopped, and whose backlog is full, so that the kernel drops every SYN. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { listenOnFreePort } from './gate.ts'
import { endWithUs } from './proxy.ts'

export type Blackhole = {
  port: number
  /** `syn`: connecting hangs. `accept`: the kernel would not do that; it connects, and nobody reads. */
  kind: 'syn' | 'accept'
  close(): void
}

const program = (port: number) =>
  `require('node:net').createServer().listen(${port}, '127.0.0.1', 1, () => console.log('listening'))`

/** How long a connection is waited for that should never be. */
const patienceMs = 300

export async function openBlackhole(): Promise<Blackhole> {
  const probe = createServer()
  const port = await listenOnFreePort(probe)
  probe.close()
  await once(probe, 'close')
  const child = spawn(process.execPath, ['-e', program(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  endWithUs(child)
  await once(child.stdout, 'data')
  child.kill('SIGSTOP')
  const fillers: Socket[] = []
  for (let tries = 0; tries < 8; tries += 1) {
    const filler = connect({ host: '127.0.0.1', port })
    filler.on('error', () => undefined)
    fillers.push(filler)
    const isIn = await Promise.race([once(filler, 'connect'), setTimeout(patienceMs, false)])
    if (isIn === false) break
  }
  const last = fillers.at(-1)
  const kind = last?.connecting ? 'syn' : 'accept'
  last?.destroy()
  return {
    port,
    kind,
    close: () => {
      for (const filler of fillers) filler.destroy()
      child.kill('SIGKILL')
    },
  }
}
