import { readFileSync } from 'node:fs'
import { test } from 'tap'

type Package = { dev?: boolean; license?: string; cpu?: string[]; hasInstallScript?: boolean }

const { packages }: { packages: Record<string, Package> } = JSON.parse(
  readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'),
)

const allowed = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
]

test('every package that is shipped has a licence that asks for no more than its notice', async (t) => {
  const shipped = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev)
  t.ok(shipped.length > 50)
  const others = shipped.filter(([, { license = '' }]) => !allowed.includes(license))
  t.strictSame(
    others.map(([path, { license }]) => `${path}: ${license}`),
    [],
  )
})

test('no package that is shipped is made for one processor, so the image is built for any', async (t) => {
  const bound = Object.entries(packages).filter(
    ([, { dev, cpu, hasInstallScript }]) =>
      !dev && (cpu !== undefined || hasInstallScript === true),
  )
  t.strictSame(
    bound.map(([path]) => path),
    [],
  )
  t.ok(Object.values(packages).some(({ dev, cpu }) => dev && cpu !== undefined))
})
