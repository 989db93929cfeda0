/** LiveEngage's wire format: what a field may hold. Source, unless a comment names another: LivePerson developer center, Connector API. */
import { type Static, Type } from '@sinclair/typebox'
import { StringEnum } from '../../string-enum.ts'

/** LivePerson's ids of accounts. */
const account = '[A-Za-z0-9]{1,32}'
export const accountPattern = `^${account}$`
export const accountListPattern = `^${account}(,${account})*$`

/** LiveEngage's ids of conversations and dialogs are opaque. Every known one has this form. */
export const longestId = 128
export const idPattern = `^[A-Za-z0-9_-]{1,${longestId}}$`

/** Characters of a text, the one limit that LivePerson names. Source: lp-devassist-connectors. */
export const longestText = 5_000

/** Characters of a file's caption; LivePerson names no limit. */
export const longestCaption = 1_000

/** Characters of a file's preview, which stays under 30 KB. Source: examples page, file sharing. */
export const longestPreview = 30_719

const accountForm = new RegExp(accountPattern)
const idForm = new RegExp(idPattern)

export function isAccountId(text: string): boolean {
  return accountForm.test(text)
}

/** Whether a text can be the id of a conversation or a dialog. */
export function isId(text: string): boolean {
  return idForm.test(text)
}

/** Domain API service names; they are case sensitive. Source: Domain API page. */
export const Service = StringEnum(['asyncMessagingEnt', 'sentinel', 'idp', 'swift'])
export type Service = Static<typeof Service>

export const ChatState = StringEnum(['ACTIVE', 'INACTIVE', 'GONE', 'COMPOSING', 'PAUSE'])
export type ChatState = Static<typeof ChatState>

export const AcceptStatus = StringEnum(['ACCEPT', 'READ', 'ACCESS', 'NACK', 'ACTION'])
export type AcceptStatus = Static<typeof AcceptStatus>

/** Source: examples page, file sharing. */
export const FileType = StringEnum(['JPG', 'JPEG', 'PNG', 'GIF'])
export type FileType = Static<typeof FileType>

export const TtrType = StringEnum(['CUSTOM', 'NORMAL', 'PRIORITIZED', 'URGENT'])
export type TtrType = Static<typeof TtrType>

/** Source: schema types/csat.json. */
export const CsatStatus = StringEnum(['FILLED', 'PARTIALLY_FILLED', 'SKIPPED'])
export type CsatStatus = Static<typeof CsatStatus>

/** Travels at the envelope's top level, beside `body`. Source: schema infra/req.json. */
export const Metadata = Type.Array(Type.Object({ type: Type.String({ minLength: 1 }) }))
export type Metadata = Static<typeof Metadata>
