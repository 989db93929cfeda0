/** Express and http-proxy-middleware: LiveEngage's own paths, passed through. */
import { Agent } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import express from 'express'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { connections, port, upstream } from './translation.js'

const Chosen = upstream.startsWith('https:') ? TlsAgent : Agent
const agent = new Chosen({ keepAlive: true, maxSockets: connections })

const app = express()
app.use(createProxyMiddleware({ target: upstream, changeOrigin: true, agent }))
app.listen(port, '127.0.0.1')
