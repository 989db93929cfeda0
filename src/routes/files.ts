/** Files of a conversation: upload and publish in one call, and download. */
import type { FastifyInstance, onRequestHookHandler, onSendHookHandler } from 'fastify'
import { ConversationParams, DryRunQuery } from '../actions/action.ts'
import { askForUpload, pictureType, publishFile } from '../actions/send-file.ts'
import { admitted } from '../http/admission.ts'
import { ArrivingBodies } from '../http/arriving-bodies.ts'
import { type CallHooksOptions, callHooks } from '../http/call-hooks.ts'
import { claim, guarded } from '../http/idempotency-key.ts'
import { endTurn, inTurn, takeTurn } from '../http/message-order.ts'
import type { Client } from '../liveengage/client.ts'
import { askForDownload, type FileStorage } from '../liveengage/file-storage.ts'
import { preview } from '../liveengage/preview.ts'
import {
  DownloadParams,
  describeDownload,
  describeUpload,
  documentedDownloadParams,
  uploadBody,
} from '../openapi/file-operations.ts'
import { explainInvalid } from '../problems/invalid-request.ts'
import { Problem } from '../problems/problem.ts'
import { payloadTooLarge } from '../problems/refused-body.ts'
import type { TypingExpiries } from '../typing/typing-expiry.ts'
import { sendEvent } from './actions.ts'
import { acceptForms, formBytes, invalidForm, readUpload } from './upload-form.ts'

export type FileRoutesOptions = CallHooksOptions & {
  client: Client
  storage: FileStorage
  typing: TypingExpiries
  fileLimitBytes: number
  maxUploads: number
}

const uploadParts = { params: ConversationParams, querystring: DryRunQuery }
const downloadParts = { params: DownloadParams, querystring: DryRunQuery }

type Query = { dryRun?: 'true' | 'false' }

export async function fileRoutes(app: FastifyInstance, options: FileRoutesOptions): Promise<void> {
  const { client, storage, store, order, typing, fileLimitBytes } = options
  const hooks = callHooks(options, { priority: 'high', hasDryRun: true })
  acceptForms(app)
  app.post<{ Params: { id: string }; Querystring: Query }>('/conversations/:id/files', {
    config: { callsLiveEngage: true, ...uploadBody },
    schema: { ...describeUpload(), ...uploadParts },
    schemaErrorFormatter: (errors, part) => explainInvalid(uploadParts, errors, part),
    onRequest: [...hooks.onRequest, limitUploads(options)],
    onSend: [releaseUpload, endTurn],
    handler: async (request, reply) => {
      const { params, state } = request
      const { keyed } = state
      const context = admitted(request)
      const { file, fields } = await readUpload(request, fileLimitBytes)
      const fileType = pictureType(file)
      if (fileType === undefined) throw invalidForm('/file', 'must be a JPEG, PNG or GIF picture')
      const question = askForUpload(file.length, fileType)
      if (state.isDryRun) return preview(client, question, context)
      if (order !== undefined) takeTurn(order, request)
      if (keyed !== null) {
        // Not over the body's bytes: a client makes a new boundary for each attempt.
        keyed.body = file
        if (await claim(store, keyed, request, reply, fields)) return reply
      }
      const conversationId = params.id
      const { dialogId = conversationId } = fields
      const { caller } = context
      const published = await typing.message({ caller, conversationId }, dialogId, async () => {
        const relativePath = await storage.put(file, question, context)
        const stored = { relativePath, fileType }
        const command = publishFile(conversationId, stored, fields)
        const { sequence } = await inTurn(client, request, () => {
          request.state.mayBeSent = true
          return client.send(command, guarded(request))
        })
        return { sequence, file: stored }
      })
      return sendEvent(request, reply, { conversationId, dialogId, ...published })
    },
  })
  app.get<{ Params: { id: string; '*': string }; Querystring: Query }>(
    '/conversations/:id/files/*',
    {
      config: { callsLiveEngage: true, isRepeatable: true, ...documentedDownloadParams },
      exposeHeadRoute: false,
      schema: { ...describeDownload(), ...downloadParts },
      schemaErrorFormatter: (errors, part) => explainInvalid(downloadParts, errors, part),
      onRequest: hooks.onRequest,
      handler: async (request, reply) => {
        const { id: requestId, params } = request
        const context = admitted(request)
        // An upload's relativePath appended to `/files/` gives two slashes.
        const relativePath = params['*'].replace(/^\/?/, '/')
        if (request.state.isDryRun) return preview(client, askForDownload(relativePath), context)
        const file = await storage.get(relativePath, context)
        const { contentType = '', contentLength, body } = file
        const isPicture = /^image\/(png|jpeg|gif)$/.test(contentType)
        reply.type(isPicture ? contentType : 'application/octet-stream')
        if (contentLength !== undefined) reply.header('content-length', contentLength)
        body.once('error', () => request.log.warn({ requestId }, 'the download broke off'))
        return reply.send(body)
      },
    },
  )
}

/** Also for a caller who has hung up; the picture is no longer held. */
const releaseUpload: onSendHookHandler = (request, _reply, _payload, done) => {
  request.state.releaseUpload?.()
  done()
}

/** Limits the uploads at a time, before the body is read: each is held in memory. */
function limitUploads({
  maxUploads,
  fileLimitBytes,
  statistics,
}: FileRoutesOptions): onRequestHookHandler {
  let uploads = 0
  const arriving = new ArrivingBodies()
  return (request, _reply, done) => {
    if (Number(request.headers['content-length']) > fileLimitBytes + formBytes) {
      throw payloadTooLarge('FILE_LIMIT_BYTES', fileLimitBytes)
    }
    if (uploads >= maxUploads) arriving.endStopped()?.state.releaseUpload?.()
    if (uploads >= maxUploads) {
      statistics.services.storage.shed.high.uploads += 1
      throw new Problem('overloaded')
    }
    uploads += 1
    arriving.add(request)
    request.state.releaseUpload = () => {
      arriving.remove(request)
      request.state.releaseUpload = null
      uploads -= 1
    }
    done()
  }
}
