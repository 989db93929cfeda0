import { readFileSync } from 'node:fs'

/** The version in package.json. */
export function readVersion(): string {
  const file: { version: string } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  )
  return file.version
}
