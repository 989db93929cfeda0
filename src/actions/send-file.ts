import { type Static, Type } from '@sinclair/typebox'
import { ActionMetadata, DialogId } from '../action.ts'
import type { FileType, GenerateUrlForUploadFile } from '../liveengage/protocol.ts'
import { Caption, Preview, sendMessage } from './send-message.ts'

/** What may accompany a file, as parts of the form before it. */
export const FileFields = Type.Object(
  {
    caption: Type.Optional(Caption),
    preview: Type.Optional(Preview),
    dialogId: Type.Optional(DialogId),
    metadata: Type.Optional(ActionMetadata),
  },
  { additionalProperties: false },
)
export type FileFields = Static<typeof FileFields>

export type StoredFile = { relativePath: string; fileType: FileType }

/** Asks where a file of this size may be put. */
export function askForUpload(bytes: number, fileType: FileType): GenerateUrlForUploadFile {
  return { type: 'ms.GenerateURLForUploadFile', body: { fileSize: String(bytes), fileType } }
}

/** Publishes a file that has been stored. */
export function publishFile(conversationId: string, stored: StoredFile, fields: FileFields) {
  const { caption, preview, dialogId, metadata } = fields
  return sendMessage.translate({
    accountId: '',
    params: { id: conversationId },
    query: {},
    body: {
      file: {
        ...stored,
        ...(caption !== undefined && { caption }),
        ...(preview !== undefined && { preview }),
      },
      ...(dialogId !== undefined && { dialogId }),
      ...(metadata !== undefined && { metadata }),
    },
  })
}

const signatures: [FileType, string][] = [
  ['PNG', '89504e470d0a1a0a'],
  ['JPEG', 'ffd8ff'],
  ['GIF', '474946383761'],
  ['GIF', '474946383961'],
]

/** The type of a picture by its first bytes, whatever its name says. @returns undefined for anything LiveEngage does not take */
export function pictureType(file: Buffer): FileType | undefined {
  const start = file.toString('hex', 0, 8)
  return signatures.find(([, signature]) => start.startsWith(signature))?.[0]
}
