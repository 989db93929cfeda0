import { type Static, Type } from '@sinclair/typebox'
import type { GenerateUrlForUploadFile } from '../liveengage/protocol/commands.ts'
import type { FileType } from '../liveengage/protocol/values.ts'
import { ActionMetadata, DialogId } from './action.ts'
import { Caption, Preview, publishMessage } from './send-message.ts'

/** The optional parts of the form. */
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

/** Asks for a URL to upload a file of this size to. */
export function askForUpload(bytes: number, fileType: FileType): GenerateUrlForUploadFile {
  return { type: 'ms.GenerateURLForUploadFile', body: { fileSize: String(bytes), fileType } }
}

/** Publishes a stored file. */
export function publishFile(conversationId: string, stored: StoredFile, fields: FileFields) {
  const { caption, preview, ...addressing } = fields
  const file = {
    ...stored,
    ...(caption !== undefined && { caption }),
    ...(preview !== undefined && { preview }),
  }
  return publishMessage(conversationId, { file, ...addressing })
}

const signatures: [FileType, string][] = [
  ['PNG', '89504e470d0a1a0a'],
  ['JPEG', 'ffd8ff'],
  ['GIF', '474946383761'],
  ['GIF', '474946383961'],
]

/** The type of a picture, from its first bytes; its name does not count. @returns undefined for anything that LiveEngage does not accept */
export function pictureType(file: Buffer): FileType | undefined {
  const start = file.toString('hex', 0, 8)
  return signatures.find(([, signature]) => start.startsWith(signature))?.[0]
}
