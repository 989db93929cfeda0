/** With @kubb/core alone: the command of @kubb/cli asks npm for its newest version. */
import process from 'node:process'
import { build } from '@kubb/core'
import { pluginClient } from '@kubb/plugin-client'
import { pluginOas } from '@kubb/plugin-oas'
import { pluginTs } from '@kubb/plugin-ts'

const [, , document = '', output = ''] = process.argv
await build({
  config: {
    root: import.meta.dirname,
    input: { path: document },
    output: { path: output, clean: true },
    plugins: [pluginOas(), pluginTs(), pluginClient()],
  },
})
