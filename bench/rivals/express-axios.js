/** Express and axios, with the checks by hand. */
import { randomUUID } from 'node:crypto'
import { Agent } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import axios from 'axios'
import express from 'express'
import {
  connections,
  port,
  route,
  sendPath,
  toEnvelope,
  toEvent,
  toHeaders,
  upstream,
} from './translation.js'

const client = axios.create({
  baseURL: upstream,
  httpAgent: new Agent({ keepAlive: true, maxSockets: connections }),
  httpsAgent: new TlsAgent({ keepAlive: true, maxSockets: connections }),
  validateStatus: () => true,
})
const isToken = (text) => text?.length <= 8192 && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)

const app = express()
app.use(express.json({ limit: 65_536 }))
app.post(route, async (request, response) => {
  const { id } = request.params
  const { text } = request.body
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(id) || typeof text !== 'string' || text.length > 5000) {
    response.status(400).json({ error: 'invalid request' })
    return
  }
  if (!isToken(request.headers.authorization) || !isToken(request.headers['x-lp-on-behalf'])) {
    response.status(401).json({ error: 'invalid token' })
    return
  }
  const { status, data } = await client.post(sendPath, toEnvelope(id, text), {
    headers: toHeaders(request.headers),
  })
  response.status(201).json(toEvent(status, data, id, randomUUID()))
})
app.listen(port, '127.0.0.1')
