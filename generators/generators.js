/** The generators, each with its command, and with what it cannot do through a fault of its own. */

const bin = (name) => `node_modules/.bin/${name}`

export const generators = [
  {
    name: 'openapi-typescript',
    packages: ['openapi-typescript', 'openapi-fetch'],
    command: (document, output) => [
      'node',
      'openapi-typescript.generate.js',
      document,
      `${output}.ts`,
    ],
    faults: {},
  },
  {
    name: 'hey-api',
    packages: ['@hey-api/openapi-ts'],
    command: (document, output) => [bin('openapi-ts'), '--input', document, '--output', output],
    faults: {},
  },
  {
    name: 'orval',
    packages: ['orval', 'axios'],
    command: () => [bin('orval'), '--config', 'orval.config.cjs'],
    env: (document, output) => ({ DOCUMENT: document, OUTPUT: `${output}.ts` }),
    faults: {},
  },
  {
    name: 'oazapfts',
    packages: ['oazapfts', '@oazapfts/runtime'],
    command: (document, output) => [bin('oazapfts'), document, `${output}.ts`],
    faults: {
      getFile: 'reads every answer as JSON, since the errors of the operation are JSON',
    },
  },
  {
    name: 'kubb',
    packages: ['@kubb/core', '@kubb/plugin-client', 'axios'],
    command: (document, output) => ['node', 'kubb.generate.js', document, output],
    faults: {},
  },
  {
    name: 'swagger-typescript-api',
    packages: ['swagger-typescript-api'],
    command: (document, output) => [
      bin('swagger-typescript-api'),
      ...['generate', '--disable-throw-on-error', '--path', document],
      ...['--output', 'generated', '--name', `${output.split('/').at(-1)}.ts`],
    ],
    faults: {},
  },
]
