import { test } from 'tap'
import { environmentRows } from './expected.ts'
import { checkTable } from './page.ts'

test('the table of the configuration is the schema’s', async (t) => {
  checkTable(t, 'docs/configuration.md', 'environment', environmentRows())
})
