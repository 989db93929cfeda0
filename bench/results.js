/** The JSON file of a run, and what machine it is from. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { dirname } from 'node:path'
import process from 'node:process'

const published = new URL('results.json', import.meta.url).pathname

/** Three digits are more than the figures are good for. */
function rounded(_key, value) {
  return typeof value === 'number' && !Number.isInteger(value)
    ? Number(value.toPrecision(4))
    : value
}

/** @param parts by their names, e.g. `{ throughput, tls }` @returns the file's name */
export function writeResults(parts, { json, publish }) {
  const time = new Date().toISOString()
  const file =
    json ?? new URL(`results/${time.replaceAll(':', '-')}.json`, import.meta.url).pathname
  const stamped = Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [
      name,
      { time, machine: describeMachine(), ...part },
    ]),
  )
  write(file, stamped)
  // The other parts stay as they were measured.
  if (publish) write(published, { ...readPublished(), ...stamped })
  return file
}

export function readPublished() {
  try {
    return JSON.parse(readFileSync(published, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return {}
    throw error
  }
}

function write(file, value) {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(value, rounded, 2)}\n`)
}

function describeMachine() {
  const [{ model }] = cpus()
  return {
    cpu: model,
    cores: cpus().length,
    linux: release(),
    node: process.version,
    commit: describeCommit(),
    undici: versionOf('undici'),
    fastify: versionOf('fastify'),
  }
}

function versionOf(name) {
  const ofProxy = new URL(`../node_modules/${name}/package.json`, import.meta.url)
  return JSON.parse(readFileSync(ofProxy, 'utf8')).version
}

function describeCommit() {
  const cwd = new URL('.', import.meta.url)
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return null // Not a clone.
  }
}
