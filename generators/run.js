/**
 * Makes a client of the OpenAPI document with each generator, compiles it, and calls every operation with it on the sandbox of the built program.
 * Fails where something fails that is not known as a fault of the generator, where such a fault is gone, or where docs/generators.md says otherwise.
 *
 *   npm run test:generators                checks
 *   npm run test:generators -- --write     writes the table of docs/generators.md
 */
import { execFile, spawn } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { generators } from './generators.js'

const here = import.meta.dirname
const page = join(here, '../docs/generators.md')
/** The last one is called. */
const documents = { '3.0': '../openapi/openapi-3.0.json', 3.1: '../openapi/openapi.json' }

const read = (path) => readFile(join(here, path), 'utf8')
const { devDependencies } = JSON.parse(await read('package.json'))
const { paths } = JSON.parse(await read(documents[3.1]))
const operations = Object.values(paths).flatMap((path) =>
  Object.values(path).map(({ operationId }) => operationId),
)

/** @returns what it printed, if it failed */
async function failureOf([command, ...args], more = {}) {
  // Nothing is told to anybody, and nobody is asked for a newer version.
  const env = { ...process.env, DO_NOT_TRACK: '1', ...more }
  try {
    await promisify(execFile)(command, args, { cwd: here, env })
    return undefined
  } catch ({ stdout, stderr }) {
    return `${stdout}${stderr}`
  }
}

/** @returns why it does not compile, if it does not */
async function generate({ name, command, env = () => ({}) }, document) {
  const output = `./generated/${name}`
  const args = [join(here, document), output]
  const failure = await failureOf(command(...args), env(...args))
  if (failure !== undefined) return failure
  const project = `generated/${name}.tsconfig.json`
  const settings = { extends: '../tsconfig.json', files: [`../${name}.ts`, '../conversation.ts'] }
  await writeFile(join(here, project), JSON.stringify(settings))
  return failureOf(['node_modules/.bin/tsc', '--project', project])
}

/** @returns by the name of each call what it failed with, or undefined */
async function call({ name }, origin) {
  const outfile = join(here, `generated/${name}.mjs`)
  const contents = `export { createCalls } from './${name}.ts'\nexport { converse } from './conversation.ts'`
  await build({
    stdin: { contents, resolveDir: here },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    // What packages expect that are no ES modules.
    banner: {
      js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)",
    },
    logLevel: 'error',
  })
  const { createCalls, converse } = await import(outfile)
  return converse(createCalls(origin, name), 'sandbox')
}

/** It ends with this process. @returns its address */
async function startSandbox() {
  const env = { PATH: process.env.PATH, SANDBOX: 'true', PORT: '0', SANDBOX_PORT: '0' }
  const child = spawn(process.execPath, ['../dist/server.js'], { cwd: here, env })
  process.once('exit', () => child.kill())
  child.stderr.resume()
  for await (const line of createInterface({ input: child.stdout })) {
    const [, origin] = /listening at (http:[^"]+)"/.exec(line) ?? []
    if (origin === undefined) continue
    child.stdout.resume()
    return origin
  }
  throw new Error('The program does not start: npm run build')
}

await rm(join(here, 'generated'), { recursive: true, force: true })
await mkdir(join(here, 'generated'))
const surprises = []
const rows = []
const origin = await startSandbox()
for (const generator of generators) {
  const { name, packages, faults } = generator
  const compiled = []
  for (const [version, document] of Object.entries(documents)) {
    const failure = await generate(generator, document)
    if (failure === undefined) compiled.push(version)
    else surprises.push(`${name} on ${version}:\n${failure}`)
  }
  const { refusedMessage, ...outcomes } = await call(generator, origin).catch((error) => {
    surprises.push(`${name}: ${error.message}`)
    return {}
  })
  if (refusedMessage !== undefined) surprises.push(`${name} refusedMessage: ${refusedMessage}`)
  for (const operation of operations) {
    const failure = operation in outcomes ? outcomes[operation] : 'is not called'
    if (failure !== undefined && faults[operation] === undefined)
      surprises.push(`${name} ${operation}: ${failure}`)
    if (failure === undefined && faults[operation] !== undefined)
      surprises.push(`${name} ${operation}: works now`)
  }
  const works = operations.filter((each) => each in outcomes && outcomes[each] === undefined)
  const told = Object.entries(faults).map(([operation, fault]) => `\`${operation}\`: ${fault}`)
  rows.push([
    packages.map((each) => `${each} ${devDependencies[each]}`).join(', '),
    compiled.join(', '),
    `${works.length} of ${operations.length}`,
    told.join('; '),
  ])
}
const table = rows.map((cells) => `| ${cells.join(' | ')} |\n`).join('')
process.stdout.write(`\n${table}\n`)
const text = await readFile(page, 'utf8')
const [whole, head, rest] = /(<!-- generators -->\n.*\n.*\n)([\s\S]*?)<!-- \/generators -->/.exec(
  text,
)
if (process.argv.includes('--write')) {
  await writeFile(
    page,
    text.replace(whole, () => whole.replace(`${head}${rest}`, () => head + table)),
  )
} else if (rest !== table) {
  surprises.push('docs/generators.md says otherwise: npm run test:generators -- --write')
}
for (const surprise of surprises) process.stderr.write(`${surprise}\n`)
process.exit(surprises.length === 0 ? 0 : 1)
