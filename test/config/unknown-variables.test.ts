import t from 'tap'
import { Environment } from '../../src/config/environment.ts'
import { unknownVariables } from '../../src/config/unknown-variables.ts'

t.test(
  'a variable that looks like the proxy’s own and is not is named, with the near one',
  async (t) => {
    for (const [name, shown] of [
      ['LP_ACOUNT_ID', 'LP_ACOUNT_ID (LP_ACCOUNT_ID?)'],
      ['LP_ACCOUNT', 'LP_ACCOUNT (LP_ACCOUNT_ID?)'],
      ['LP_ALLOWED_HOST', 'LP_ALLOWED_HOST (LP_ALLOWED_HOSTS?)'],
      ['LP_SOMETHING_OF_NOBODY', 'LP_SOMETHING_OF_NOBODY'],
      ['MAX_CONECTIONS', 'MAX_CONECTIONS (MAX_CONNECTIONS?)'],
      ['REQUEST_TIMEOUT', 'REQUEST_TIMEOUT (REQUEST_TIMEOUT_MS?)'],
      ['API_KEY', 'API_KEY (API_KEYS?)'],
      ['log_level', 'log_level (LOG_LEVEL?)'],
    ] as const) {
      t.strictSame(unknownVariables({ [name]: 'hunter2' }), [shown])
      t.strictSame(unknownVariables({ [name]: '' }), [], 'an empty one counts as not set')
    }
  },
)

t.test('variables of the proxy, of others and of Kubernetes are not', async (t) => {
  const names = [
    ...Object.keys(Environment.properties),
    ...['HOME', 'PATH', 'HOSTNAME', 'POST', 'DOC', 'NODE_ENV', 'NODE_EXTRA_CA_CERTS', 'TZ'],
    'SANDBOX_HOST',
    ...['LP_PROXY_SERVICE_HOST', 'LP_PROXY_SERVICE_PORT', 'LP_PROXY_SERVICE_PORT_HTTP'],
    ...['LP_PROXY_PORT', 'LP_PROXY_PORT_3000_TCP', 'LP_PROXY_PORT_3000_TCP_ADDR'],
  ]
  t.strictSame(unknownVariables(Object.fromEntries(names.map((name) => [name, 'hunter2']))), [])
})
