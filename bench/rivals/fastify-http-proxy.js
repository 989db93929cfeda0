/** @fastify/http-proxy: LiveEngage's own paths, passed through. */
import proxy from '@fastify/http-proxy'
import { fastify } from 'fastify'
import { connections, port, upstream } from './translation.js'

const app = fastify()
await app.register(proxy, { upstream, undici: { connections, pipelining: 1 } })
await app.listen({ port, host: '127.0.0.1' })
