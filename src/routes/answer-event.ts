import type { FastifyReply, FastifyRequest } from 'fastify'

type Published = { conversationId: string; dialogId: string; sequence: number | undefined }

/** Answers 201 with the event that LiveEngage numbered; that it was accepted without a usable number is logged. */
export function answerEvent(
  request: FastifyRequest,
  reply: FastifyReply,
  { conversationId, dialogId, sequence, file }: Published & { file?: object },
): FastifyReply {
  const { id: requestId } = request
  if (sequence === undefined) {
    request.log.warn({ requestId }, 'LiveEngage accepted the event without a usable sequence')
  }
  return reply.code(201).send({ conversationId, dialogId, sequence, requestId, file })
}
