/** Example values in the documentation of several routes. */

export const exampleRequestId = '0f9f4b8e-4d1c-4b8a-9f64-1c2d3e4f5a6b'

export const exampleAccountId = '12345678'

export const exampleConversationId = '8602832d-dce1-446b-8445-0d51f5926a42'

/** LivePerson's: 64 hexadecimal digits. */
export const exampleConsumerId = 'e8d1ff3c9a2b4d7e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6'

export const exampleEvent = {
  conversationId: exampleConversationId,
  dialogId: exampleConversationId,
  sequence: 0,
  requestId: exampleRequestId,
}

/** The answer of a dry run of this command. */
export function exampleDryRun(command: object): object {
  return {
    method: 'POST',
    url: `https://va.msg.liveperson.net/api/account/${exampleAccountId}/messaging/consumer/conversation/send?v=3`,
    headers: {
      Authorization: '[redacted]',
      'X-LP-ON-BEHALF': '[redacted]',
      'Content-Type': 'application/json',
    },
    body: toEnvelope(command),
  }
}

export function toEnvelope(command: object, index = 0): object {
  return { kind: 'req', id: exampleRequestId.replace(/.$/, String(index)), ...command }
}
