import type { FastifyInstance } from 'fastify'
import { maxFileBytes } from '../memory/files.ts'
import { forgetAll, type State } from '../memory/state.ts'
import { ApiError, add } from './operation.ts'
import { ItemParams, NewFault, NewFile, Outage, PageQuery, Webhook } from './schemas.ts'
import {
  callRow,
  callView,
  notificationRow,
  notificationView,
  overviewOf,
  page,
  rangeOf,
} from './views.ts'

/** base64 is a third longer, and there is JSON around it. */
const fileBodyLimitBytes = Math.ceil((maxFileBytes * 4) / 3) + 1_024

/** Calls that came in, notifications that went out, faults, and the sandbox itself. */
export function registerSandboxRoutes(app: FastifyInstance, state: State): void {
  const { calls, faults, files } = state

  add(app, {
    ...{ method: 'GET', url: '/sandbox', tag: 'Sandbox' },
    summary: 'See the whole',
    description: 'Settings, app installs, ordered faults, and how much is remembered.',
    handle: () => overviewOf(state),
  })
  add(app, {
    ...{ method: 'POST', url: '/sandbox/reset', tag: 'Sandbox' },
    summary: 'Forget everything',
    description: 'Conversations, files, calls, notifications, faults; settings stay.',
    handle: () => {
      forgetAll(state)
      return overviewOf(state)
    },
  })
  add(app, {
    ...{ method: 'GET', url: '/sandbox/calls', tag: 'Calls', query: PageQuery },
    summary: 'List calls',
    description: 'What the app or its proxy sent to LiveEngage, the newest first.',
    handle: ({ query }) => ({ calls: calls.newest(...rangeOf(query)).map(callRow) }),
  })
  add(app, {
    ...{ method: 'GET', url: '/sandbox/calls/:id', tag: 'Calls', params: ItemParams },
    summary: 'Read a call',
    description: 'Headers, document and answer; tokens and secrets are redacted.',
    handle: ({ params: { id } }) => callView(found(calls.withId(id), 'call')),
  })
  add(app, {
    ...{ method: 'GET', url: '/sandbox/faults', tag: 'Faults' },
    summary: 'List ordered faults',
    handle: () => ({ faults: faults.all() }),
  })
  add(app, {
    ...{ method: 'POST', url: '/sandbox/faults', tag: 'Faults', status: 201, body: NewFault },
    summary: 'Order a fault',
    description: 'For the next calls of one service: logins, look-ups and uploads, too.',
    example: { service: 'sentinel', fault: '500', times: 2 },
    handle: ({ body: { service, fault, times = 1 } }) => {
      if (fault === 'closed' && service !== 'send') {
        throw new ApiError(400, 'Only a SEND can find its conversation closed.')
      }
      faults.order({ service, fault, times })
      return { faults: faults.all() }
    },
  })
  add(app, {
    ...{ method: 'DELETE', url: '/sandbox/faults', tag: 'Faults' },
    summary: 'Take ordered faults back',
    handle: () => {
      faults.clear()
      return { faults: [] }
    },
  })
  add(app, {
    ...{ method: 'POST', url: '/sandbox/files', tag: 'Conversations', status: 201 },
    ...{ body: NewFile, bodyLimit: fileBodyLimitBytes },
    summary: 'Store a picture',
    description: 'For a message of the agent’s; it can be downloaded as any other.',
    handle: ({ body: { account = state.accountId, fileType, base64 } }) => {
      const bytes = Buffer.from(base64, 'base64')
      if (bytes.length > maxFileBytes) throw new ApiError(413, 'A picture has at most 3 MiB.')
      return { relativePath: files.store(account, { fileType, bytes }), fileType }
    },
  })
  registerNotificationRoutes(app, state)

  // For the desk, which shows pictures of both sides.
  app.get(
    '/sandbox/files/*',
    { config: { isSandboxPage: true }, schema: { hide: true } },
    (request, reply) => {
      const path = request.url.replace(/^\/sandbox\/files/, '').replace(/\?.*$/s, '')
      const { bytes, contentType } = found(files.find(path), 'file')
      return reply.type(contentType).header('content-disposition', 'inline').send(bytes)
    },
  )
}

function registerNotificationRoutes(app: FastifyInstance, { installs, accountId }: State): void {
  const { journal } = installs
  const tag = 'Notifications'
  add(app, {
    ...{ method: 'GET', url: '/sandbox/notifications', tag, query: PageQuery },
    summary: 'List notifications',
    description: 'What LivePerson would tell the app, the newest first.',
    handle: ({ query }) => ({ notifications: page(journal.all(), query).map(notificationRow) }),
  })
  add(app, {
    ...{ method: 'GET', url: '/sandbox/notifications/:id', tag, params: ItemParams },
    summary: 'Read a notification',
    description: 'Its body as it is signed, and each attempt with its answer.',
    handle: ({ params: { id } }) => notificationView(found(journal.withId(id), 'notification')),
  })
  add(app, {
    ...{ method: 'POST', url: '/sandbox/notifications/:id/repeat', tag, status: 201 },
    params: ItemParams,
    summary: 'Send the same again',
    description: 'Byte for byte, as LivePerson may at any time.',
    handle: ({ params: { id } }) =>
      notificationRow(installs.repeat(found(journal.withId(id), 'notification'))),
  })
  add(app, {
    ...{ method: 'PUT', url: '/sandbox/webhook', tag, body: Webhook },
    summary: 'Say where and how',
    description: 'Where notifications go, how they are signed, and for how long they are kept.',
    example: { url: 'http://127.0.0.1:8080/webhooks/liveperson' },
    handle: ({ body: { url, ...others } }) => {
      if (typeof url === 'string' && !URL.canParse(url)) throw new ApiError(400, 'This is no URL.')
      installs.change({ ...others, ...(url === undefined ? {} : { url: url ?? undefined }) })
      return { ...installs.settings(), url: installs.settings().url ?? null }
    },
  })
  add(app, {
    ...{ method: 'POST', url: '/sandbox/outage', tag, body: Outage },
    summary: 'Begin or end an outage',
    description: 'As if the endpoint were down; at the end all that was stored goes out at once.',
    example: { on: true },
    handle: ({ body }) => {
      const install = installs.of(body.accountId ?? accountId)
      if (body.on) install.hold()
      else install.release()
      return { installs: installs.views() }
    },
  })
  add(app, {
    ...{ method: 'POST', url: '/sandbox/retry', tag },
    summary: 'Retry now',
    description: 'What is stored is tried at once, in place of waiting for the pause to end.',
    handle: () => {
      for (const view of installs.views()) installs.of(view.accountId).retryNow()
      return { installs: installs.views() }
    },
  })
}

function found<T>(item: T | undefined, what: string): T {
  if (item === undefined) throw new ApiError(404, `There is no such ${what}, or no more.`)
  return item
}
