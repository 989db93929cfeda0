/** The floor: the least that Node needs to pass a request on. Bytes in, bytes out; nothing is parsed, checked or translated. */
import { createServer } from 'node:http'
import { Pool } from 'undici'
import { connections, port, sendPath, upstream } from './translation.js'

const pool = new Pool(upstream, { connections, pipelining: 1 })

createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const { authorization, 'x-lp-on-behalf': onBehalf } = request.headers
    const headers = {
      authorization,
      'x-lp-on-behalf': onBehalf,
      'content-type': 'application/json',
    }
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
    pool.dispatch(
      { method: 'POST', path: sendPath, headers, body },
      {
        onRequestStart() {},
        onResponseStart(_controller, status, answered) {
          response.writeHead(status, {
            'content-type': answered['content-type'],
            'content-length': answered['content-length'],
          })
        },
        onResponseData(_controller, chunk) {
          response.write(chunk)
        },
        onResponseEnd() {
          response.end()
        },
        onResponseError() {
          if (!response.headersSent) response.writeHead(502)
          response.end()
        },
      },
    )
  })
}).listen(port, '127.0.0.1')
