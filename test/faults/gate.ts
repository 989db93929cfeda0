/** The door to the upstream: one port, whose behaviour towards new connections can be changed at any time. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { GateMode } from './fault.ts'

export type Accept = (socket: Socket) => void

/** How a connection is let in (`open`) or met, beyond what every gate can do. */
export type Doors = Partial<Record<GateMode, Accept>>

/** Below the ports that outgoing connections take, so that one which is shut for a moment is free again after it. */
const leastPort = 18_000
const mostPorts = 12_000
let nextPort = leastPort + (process.pid % mostPorts)

/** Listens on a port of our own. @returns the port */
export async function listenOnFreePort(server: Server, host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < 500; tries += 1) {
    const port = leastPort + ((nextPort - leastPort + 1) % mostPorts)
    nextPort = port
    if (await listens(server, port, host)) return port
  }
  throw new Error('no free port')
}

/** A port that was free a moment ago, below those that outgoing connections take. */
export async function freePort(host: string): Promise<number> {
  const server = createServer()
  const port = await listenOnFreePort(server, host)
  server.close()
  await once(server, 'close')
  return port
}

async function listens(server: Server, port: number, host: string): Promise<boolean> {
  try {
    server.listen({ port, host, backlog: 4_096 })
    await once(server, 'listening')
    return true
  } catch {
    return false
  }
}

export class Gate {
  port = 0
  /** Connections that met anything but an open gate. */
  turnedAway = 0
  private mode: GateMode = 'open'
  private readonly server: Server
  private readonly sockets = new Set<Socket>()
  private readonly doors: Doors

  constructor(doors: Doors) {
    this.doors = doors
    this.server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      this.sockets.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => this.sockets.delete(socket))
      if (this.mode !== 'open') this.turnedAway += 1
      this.meet(socket)
    })
  }

  async open(): Promise<number> {
    this.port = await listenOnFreePort(this.server)
    return this.port
  }

  /** From now on; what has been let in stays in. */
  async behave(mode: GateMode): Promise<void> {
    const was = this.mode
    this.mode = mode
    if (mode === 'refuse' && was !== 'refuse') {
      const isClosed = once(this.server, 'close')
      this.server.close()
      this.drop('reset')
      await isClosed
    }
    if (mode !== 'refuse' && was === 'refuse') await this.reopen()
  }

  /** Ends every connection. */
  drop(end: 'close' | 'reset'): void {
    for (const socket of this.sockets) {
      if (end === 'reset') socket.resetAndDestroy()
      else if (socket.writable) socket.destroySoon()
      // One that has been ended before, or that TLS has taken over.
      else socket.destroy()
    }
  }

  close(): void {
    this.server.close()
    this.drop('reset')
  }

  private async reopen(): Promise<void> {
    for (let tries = 0; tries < 100; tries += 1) {
      if (await listens(this.server, this.port, '127.0.0.1')) return
    }
    throw new Error(`port ${this.port} has been taken by somebody else`)
  }

  private meet(socket: Socket): void {
    const door = this.doors[this.mode]
    if (door !== undefined) door(socket.resume())
    else if (this.mode === 'reset') socket.resetAndDestroy()
    else if (this.mode === 'close') socket.destroySoon()
    // Anything else is never read, until the gate drops it.
  }
}
