/** What the benchmark needs of the machine, said clearly where it is missing. */
import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { cpus, platform } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'

const debianPackages = { nginx: 'nginx-light', wrk: 'wrk', haproxy: 'haproxy', openssl: 'openssl' }
const storePackages = { 'redis-server': 'redis-server' }
const rivals = new URL('rivals/', import.meta.url)

/** @throws Error that says what to install */
export function requireMachine({ cores: { candidate, load }, store }) {
  if (platform() !== 'linux') throw new Error('it reads /proc: it needs Linux')
  for (const core of [candidate, load]) {
    if (!(core < cpus().length)) throw new Error(`there is no core ${core}: it needs two cores`)
  }
  const wanted = { ...debianPackages, ...(store && storePackages) }
  const missing = Object.keys(wanted).filter((name) => !isInstalled(name))
  if (missing.length > 0) {
    const packages = missing.map((name) => wanted[name]).join(' ')
    throw new Error(`${missing.join(', ')} missing. On Debian:
  apt-get update && apt-get install -y --no-install-recommends ${packages}`)
  }
}

function isInstalled(program) {
  return `${process.env.PATH}${delimiter}/usr/sbin`.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Installs the rivals' dependencies once, from their own lockfile. */
export function installRivals() {
  const wanted = new URL('package-lock.json', rivals)
  const installed = new URL('node_modules/.package-lock.json', rivals)
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return
  console.log('installing what the rivals need (bench/rivals/package-lock.json)')
  execFileSync('npm', ['ci'], { cwd: rivals, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** @param subject folder of a checkout that must be built */
export function requireBuild(subject) {
  if (!existsSync(join(subject, 'dist/server.js'))) {
    throw new Error(`${subject} is not built: npm run build`)
  }
}
