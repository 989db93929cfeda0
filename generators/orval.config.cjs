const { env } = require('node:process')

module.exports = {
  proxy: {
    input: { target: env.DOCUMENT },
    output: { target: env.OUTPUT, client: 'axios-functions', headers: true },
  },
}
