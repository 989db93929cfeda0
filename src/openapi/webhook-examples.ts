/** An example of each event that the app gets. */
import type { Event, EventType } from '../webhooks/events.ts'

export const exampleEvents: { readonly [T in EventType]: Extract<Event, { type: T }> } = {
  'message.created': {
    id: 'lp-12345678-5c0761b0-860c-4db4-afff-e0c8b88a0001-2',
    type: 'message.created',
    timestamp: '2026-09-21T14:13:22.000Z',
    data: {
      accountId: '12345678',
      conversationId: '5c0761b0-860c-4db4-afff-e0c8b88a0001',
      dialogId: '5c0761b0-860c-4db4-afff-e0c8b88a0001',
      sequence: 2,
      sender: {
        id: '29c3019d-0000-5200-afe8-737abfea0001',
        kind: 'agent',
        role: 'ASSIGNED_AGENT',
      },
      audience: 'all',
      kind: 'text',
      text: 'Grüezi 👋🏽 – €5? ',
    },
  },
  'receipt.created': {
    id: 'lp-12345678-5c0761b0-860c-4db4-afff-e0c8b88a0001-12',
    type: 'receipt.created',
    timestamp: '2026-09-21T14:13:32.000Z',
    data: {
      accountId: '12345678',
      conversationId: '5c0761b0-860c-4db4-afff-e0c8b88a0001',
      dialogId: '5c0761b0-860c-4db4-afff-e0c8b88a0001',
      sequence: 12,
      sender: {
        id: '29c3019d-0000-5200-afe8-737abfea0001',
        kind: 'agent',
        role: 'ASSIGNED_AGENT',
      },
      status: 'read',
      sequences: [0],
    },
  },
  'chat_state.updated': {
    id: 'lp-12345678-0f9f4b8e-4d1c-4b8a-9f64-1c2d3e4f5a6b',
    type: 'chat_state.updated',
    timestamp: '2026-09-21T14:13:33.000Z',
    data: {
      accountId: '12345678',
      conversationId: '5c0761b0-860c-4db4-afff-e0c8b88a0001',
      dialogId: '5c0761b0-860c-4db4-afff-e0c8b88a0001',
      sender: {
        id: '29c3019d-0000-5200-afe8-737abfea0001',
        kind: 'agent',
        role: 'ASSIGNED_AGENT',
      },
      state: 'composing',
    },
  },
  'conversation.updated': {
    id: 'lp-12345678-5c0761b0-860c-4db4-afff-e0c8b88a0001-1790000002000-c5968710a6b9',
    type: 'conversation.updated',
    timestamp: '2026-09-21T14:13:22.000Z',
    data: {
      accountId: '12345678',
      conversationId: '5c0761b0-860c-4db4-afff-e0c8b88a0001',
      status: 'open',
      agent: {
        id: '29c3019d-0000-5200-afe8-737abfea0001',
      },
      skillId: '-1',
      origin: 'this-app',
      startedAt: '2026-09-21T14:13:20.000Z',
      updatedAt: '2026-09-21T14:13:22.000Z',
      participants: [
        {
          id: '9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f',
          role: 'CONSUMER',
        },
        {
          id: '29c3019d-0000-5200-afe8-737abfea0001',
          role: 'ASSIGNED_AGENT',
        },
      ],
      dialogs: [
        {
          dialogId: '5c0761b0-860c-4db4-afff-e0c8b88a0001',
          type: 'main',
          status: 'open',
        },
      ],
    },
  },
  'conversation.closed': {
    id: 'lp-12345678-5c0761b0-860c-4db4-afff-e0c8b88a0001-1790000090000-f96110cf5000',
    type: 'conversation.closed',
    timestamp: '2026-09-21T14:14:50.000Z',
    data: {
      accountId: '12345678',
      conversationId: '5c0761b0-860c-4db4-afff-e0c8b88a0001',
      status: 'closed',
      agent: {
        id: '29c3019d-0000-5200-afe8-737abfea0001',
      },
      skillId: '-1',
      origin: 'this-app',
      closeReason: 'AGENT',
      startedAt: '2026-09-21T14:13:20.000Z',
      endedAt: '2026-09-21T14:14:50.000Z',
      updatedAt: '2026-09-21T14:14:50.000Z',
      participants: [
        {
          id: '9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f',
          role: 'CONSUMER',
        },
        {
          id: '29c3019d-0000-5200-afe8-737abfea0001',
          role: 'ASSIGNED_AGENT',
        },
      ],
      dialogs: [
        {
          dialogId: '5c0761b0-860c-4db4-afff-e0c8b88a0001',
          type: 'main',
          status: 'closed',
          closedBy: 'AGENT',
        },
      ],
    },
  },
}
