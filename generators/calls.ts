/** The operations of the API as one caller wants them, whatever a generator calls them by. */

export type Envelope = { kind: 'req'; id: string; type: string; body: Record<string, unknown> }

/** What a caller branches on. */
export type Refusal<Code extends string = string> = {
  status: number
  code: Code
  delivery: 'not-sent' | 'unknown'
}

export type Calls = {
  openConversation(firstname: string): Promise<{ conversationId: string }>
  sendMessage(id: string, text: string): Promise<{ sequence?: number | undefined }>
  startTyping(id: string, expiresInSeconds: number): Promise<unknown>
  stopTyping(id: string, dialogId: string): Promise<unknown>
  setChatState(id: string, state: 'active' | 'gone'): Promise<unknown>
  sendReceipt(id: string, sequences: number[]): Promise<{ sequence?: number | undefined }>
  setUrgency(id: string, targetSeconds: number): Promise<unknown>
  setCsat(id: string, rating: number): Promise<unknown>
  closeConversation(id: string): Promise<unknown>
  setProfile(firstname: string): Promise<unknown>
  sendFile(id: string, file: File, caption: string): Promise<{ file: { relativePath: string } }>
  getFile(id: string, relativePath: string): Promise<Blob>
  nativeConversation(accountId: string, envelopes: Envelope[]): Promise<{ code: string }[]>
  nativeSend(accountId: string, envelope: Envelope): Promise<{ code: string }>
  getLiveness(): Promise<{ status: 'alive' }>
  getReadiness(): Promise<{ status: 'ready' }>
  getMetrics(): Promise<string>
  listProblems(): Promise<{ problems: { code: string }[] }>
  getProblem(code: string): Promise<{ status: number }>
  /** `sendMessage` to a conversation that is closed. */
  refusedMessage(id: string, text: string): Promise<Refusal>
}

export type CreateCalls = (baseUrl: string, consumerId: string) => Calls

/** Compiles only where `code` is a closed set: no 409 of `sendMessage` is `file-not-found`. */
export function closed<Code extends string>(
  refusal: Refusal<Code> & ('file-not-found' extends Code ? never : unknown),
): Refusal<Code> {
  return refusal
}
