/**
 * LiveEngage at its own speed: answers a SEND after `DELAY_MS`, the Domain API at once. With CERTIFICATE and KEY over TLS.
 * Its parent says by a message how long it leaves idle connections open.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import process from 'node:process'

const { CERTIFICATE, DELAY_MS, KEY } = process.env
const delayMs = Number(DELAY_MS)
const sendAnswer = '{"code":"OK","body":{"sequence":17}}'
const headers = { 'Content-Type': 'application/json', 'Content-Length': `${sendAnswer.length}` }

function answerSend(response) {
  response.writeHead(200, headers).end(sendAnswer)
}

function listener(request, response) {
  request.resume()
  const baseUri = /^\/api\/account\/(\w+)\/service\/(\w+)\/baseURI\.json/.exec(request.url)
  if (baseUri === null) {
    request.on('end', () => setTimeout(answerSend, delayMs, response))
    return
  }
  const [, account, service] = baseUri
  const { port } = server.address()
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify({ service, account, baseURI: `localhost:${port}` }))
}

const options = { keepAlive: true, requestTimeout: 0 }
const server =
  CERTIFICATE === undefined
    ? createServer(options, listener)
    : createTlsServer(
        { ...options, cert: readFileSync(CERTIFICATE), key: readFileSync(KEY) },
        listener,
      )
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  process.send({ port: server.address().port })
})
process.on('message', ({ keepAliveMs }) => {
  server.keepAliveTimeout = keepAliveMs
})
