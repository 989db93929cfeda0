/** The rows that tables of the documentation have to have, from the code. */
import type { TSchema } from '@sinclair/typebox'
import { Environment } from '../../src/config/environment.ts'
import { actions } from '../../src/routes/actions.ts'
import { readPage } from './page.ts'

const methods = ['get', 'post', 'put', 'delete']

/** Route and summary: the actions first, in their order, then what else calls LiveEngage. */
export function routeSummaries(): string[][] {
  const { paths } = JSON.parse(readPage('openapi/openapi.json'))
  const ofActions = actions.map(({ method, path, summary }) => [`\`${method} ${path}\``, summary])
  const known = new Set(ofActions.map(([route]) => route))
  const others = Object.keys(paths)
    .filter((path) => /\/files|^\/api\/account\//.test(path))
    .flatMap((path) =>
      methods
        .filter((method) => paths[path][method] !== undefined)
        .map((method) => {
          const pattern = path.replace(/\{(?!relativePath)(\w+)\}/g, ':$1')
          return [`\`${method.toUpperCase()} ${pattern}\``, paths[path][method].summary]
        }),
    )
    .filter(([route]) => !known.has(route))
  return [...ofActions, ...others]
}

/** Name, default and meaning of each variable. */
export function environmentRows(): string[][] {
  return Object.entries<TSchema>(Environment.properties).map(([name, schema]) => [
    `\`${name}\``,
    schema.default === undefined ? '' : `\`${schema.default}\``,
    schema.description ?? '',
  ])
}
