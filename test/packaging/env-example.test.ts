import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import type { TSchema } from '@sinclair/typebox'
import t from 'tap'
import { loadConfig } from '../../src/config/config.ts'
import { Environment } from '../../src/config/environment.ts'

type Variable = { name: string; description: string; default: string | undefined }

const inSchema: Variable[] = Object.entries<TSchema>(Environment.properties).map(
  ([name, { description = '', default: byDefault }]) => ({
    name,
    description,
    default: byDefault?.toString(),
  }),
)

const [, ...entries] = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n\n')

/** An entry is a line of description, which says so if there is no default, and a line `#NAME=value`. */
const inExample = entries.map((entry): Variable & { value: string } => {
  const [, description = entry, none, name = '', value = ''] =
    /^# (.+?)( \(no default\))?\n#([A-Z_]+)=(.*)$/.exec(entry) ?? []
  return { name, description, default: none === undefined ? value : undefined, value }
})

/** The environment that `node --env-file` makes of these variables once they have lost their `#`. */
function uncommented(variables: typeof inExample): Record<string, string | undefined> {
  return { ...parseEnv(variables.map(({ name, value }) => `${name}=${value}`).join('\n')) }
}

t.test(
  '.env.example gives each variable of the schema, its description and its default',
  async (t) => {
    const ours = inExample.filter(({ name }) => !name.startsWith('OTEL_'))
    t.strictSame(
      ours.map(({ value: _value, ...variable }) => variable),
      inSchema,
    )
    t.equal(inExample.indexOf(ours.at(-1) ?? Object()), ours.length - 1, 'OpenTelemetry’s are last')
  },
)

t.test('.env.example is valid with every line uncommented', async (t) => {
  // A secret comes by variable or by file, not by both.
  for (const other of [
    /^(LP_(PREVIOUS_)?CLIENT_SECRET|API_KEYS|EVENTS_SECRET|STATE_URL)$/,
    /^(LP_(PREVIOUS_)?CLIENT_SECRET|API_KEYS|EVENTS_SECRET|STATE_URL)_FILE$/,
  ]) {
    const some = inExample.filter(({ name }) => !other.test(name))
    t.doesNotThrow(() => loadConfig(uncommented(some)))
  }
})

t.test('.env.example changes nothing with every default uncommented', async (t) => {
  const defaults = inExample.filter((variable) => variable.default !== undefined)
  t.strictSame(loadConfig(uncommented(defaults)), loadConfig({}))
})

t.test('.env.example says what node --env-file does with a number sign', async (t) => {
  t.strictSame({ ...parseEnv('A=a#b\nB="a#b"') }, { A: 'a', B: 'a#b' })
  const [head] = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8').split('\n\n')
  t.match(head, /cuts a value at `#`: put a value with `#` in quotes/)
})
