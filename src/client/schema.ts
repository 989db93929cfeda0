// Made from openapi/openapi.json by `npm run openapi`.
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A problem (RFC 9457): what went wrong, and whether LiveEngage may have acted */
        Problem: {
            /** @description The description of the problem: `/problems/<code>`, or its URL if PUBLIC_URL is set */
            type: string;
            title: string;
            status: number;
            detail: string;
            /** @description `urn:request:<requestId>` */
            instance: string;
            /**
             * @description The code to branch on
             * @enum {string}
             */
            code: "invalid-request" | "rejected-by-liveengage" | "api-key-required" | "credentials-missing" | "app-jwt-invalid" | "consumer-jws-invalid" | "webhook-signature-invalid" | "account-not-allowed" | "origin-not-allowed" | "route-not-found" | "account-unknown" | "file-not-found" | "method-not-allowed" | "request-timeout" | "conversation-closed" | "conversation-already-open" | "idempotency-key-in-use" | "payload-too-large" | "uri-too-long" | "unsupported-media-type" | "host-not-allowed" | "idempotency-key-reused" | "rate-limited" | "headers-too-large" | "internal-error" | "liveengage-failed" | "app-refused" | "app-unreachable" | "liveengage-unreachable" | "domain-lookup-failed" | "idempotency-store-unavailable" | "login-failed" | "credentials-rejected" | "storage-failed" | "overloaded" | "circuit-open" | "deadline-exceeded" | "shutting-down" | "app-timeout" | "liveengage-timeout";
            requestId: string;
            /**
             * @description `not-sent`: LiveEngage cannot have acted on the request. `unknown`: it may have.
             * @enum {string}
             */
            delivery: "not-sent" | "unknown";
            /** @description Whether a retry of the same request is harmless and may help */
            retryable: boolean;
            /** @description What to do about it */
            remedy: string;
            /** @description What is wrong with the request. It has names and rules, never values */
            errors?: {
                /** @description JSON Pointer into the body, `header:<name>`, `query:<name>` or `path:<name>` */
                path: string;
                message: string;
            }[];
            /** @description What LiveEngage answered */
            liveengage?: {
                status: number;
                errorCode?: number;
                message?: string;
            };
            /** @description With `conversation-already-open`: whether LiveEngage accepted the profile */
            profileUpdated?: boolean;
            /**
             * @description With `inReplyTo`: `sent` if LiveEngage accepted the receipt of the button, `unknown` if it may have. A retry sends it again, which changes nothing
             * @enum {string}
             */
            receipt?: "sent" | "unknown";
        };
        /** @description A conversation that LiveEngage opened */
        Conversation: {
            conversationId: string;
            requestId: string;
            /** @description LivePerson’s own id of the consumer, which events name: the claim `lp_consumer_id` of the ConsumerJWS. Absent if the token does not have it */
            consumerId?: string;
        };
        /** @description An event that LiveEngage accepted */
        Event: {
            conversationId: string;
            dialogId: string;
            /** @description The number of the event in its conversation; the first is 0. Absent if LiveEngage gave none */
            sequence?: number;
            requestId: string;
            /**
             * @description With `inReplyTo`: `sent` if LiveEngage accepted the receipt of the button, `unknown` if it may have. A retry sends it again, which changes nothing
             * @enum {string}
             */
            receipt?: "sent" | "unknown";
        };
        /** @description An event that published a file */
        FileEvent: {
            conversationId: string;
            dialogId: string;
            /** @description The number of the event in its conversation; the first is 0. Absent if LiveEngage gave none */
            sequence?: number;
            requestId: string;
            file: {
                relativePath: string;
                /** @enum {string} */
                fileType: "JPG" | "JPEG" | "PNG" | "GIF";
            };
        };
        OpenConversationBody: {
            profile?: {
                customer?: {
                    cstatus?: string;
                    ctype?: string;
                    customerId?: string;
                    balance?: number;
                    socialId?: string;
                    imei?: string;
                    userName?: string;
                    companySize?: number;
                    companyBranch?: string;
                    accountName?: string;
                    role?: string;
                    lastPaymentDate?: {
                        day: number;
                        month: number;
                        year: number;
                    };
                    registrationDate?: {
                        day: number;
                        month: number;
                        year: number;
                    };
                };
                personal?: {
                    firstname?: string;
                    lastname?: string;
                    age?: {
                        age?: number;
                        year?: number;
                        month?: number;
                        day?: number;
                    };
                    contacts?: {
                        email?: string;
                        phone?: string;
                    }[];
                    /** @enum {string} */
                    gender?: "MALE" | "FEMALE" | "OTHER";
                    language?: string;
                    company?: string;
                };
            };
            /** @description The id of a skill: 1 to 10 digits, or -1 for any skill. LivePerson recommends campaigns instead */
            skillId?: string;
            campaign?: {
                /** @description The id of a campaign: 1 to 20 digits */
                campaignId: string;
                /** @description The id of an engagement: 1 to 20 digits */
                engagementId: string;
            };
            /** @enum {string} */
            urgency?: "normal" | "prioritized" | "urgent";
            /** @description LiveEngage’s `conversationContext`, sent unchanged */
            context?: {
                [key: string]: unknown;
            };
        };
        SendMessageBody: {
            /** @description The text of the message */
            text: string;
            /** @description A dialog’s id: 1 to 128 letters, digits, hyphens or underscores. Default: the conversation’s id, which is that of its main dialog */
            dialogId?: string;
            /**
             * @description Sent unchanged with the event, for example the `ExternalId` of a clicked card
             * @example [
             *       {
             *         "type": "ExternalId",
             *         "id": "order-confirmation"
             *       }
             *     ]
             */
            metadata?: ({
                type: string;
            } & {
                [key: string]: unknown;
            })[];
            /** @description The sequence of the card or message whose button the consumer pressed. The receipt `action` with the `metadata` of the button goes out first */
            inReplyTo?: number;
        } | {
            file: {
                /** @description The path of the file in LiveEngage’s file storage */
                relativePath: string;
                /** @enum {string} */
                fileType: "JPG" | "JPEG" | "PNG" | "GIF";
                caption?: string;
                /**
                 * @description A small picture as a data URL: PNG, JPEG or GIF in base64, less than 30 KB
                 * @example data:image/png;base64,iVBORw0KGgo=
                 */
                preview?: string;
            };
            /** @description A dialog’s id: 1 to 128 letters, digits, hyphens or underscores. Default: the conversation’s id, which is that of its main dialog */
            dialogId?: string;
            /**
             * @description Sent unchanged with the event, for example the `ExternalId` of a clicked card
             * @example [
             *       {
             *         "type": "ExternalId",
             *         "id": "order-confirmation"
             *       }
             *     ]
             */
            metadata?: ({
                type: string;
            } & {
                [key: string]: unknown;
            })[];
        };
        StartTypingBody: {
            /** @description The seconds after LiveEngage’s answer when typing ends by itself */
            expiresInSeconds?: number;
            /** @description A dialog’s id: 1 to 128 letters, digits, hyphens or underscores. Default: the conversation’s id, which is that of its main dialog */
            dialogId?: string;
        };
        SetChatStateBody: {
            /** @enum {string} */
            state: "active" | "inactive" | "gone" | "composing" | "pause";
            /** @description A dialog’s id: 1 to 128 letters, digits, hyphens or underscores. Default: the conversation’s id, which is that of its main dialog */
            dialogId?: string;
        };
        SendReceiptBody: {
            /** @enum {string} */
            status: "accept" | "read" | "access" | "nack" | "action";
            /** @description The sequences of the messages. The first of a conversation is 0 */
            sequences: number[];
            /** @description A dialog’s id: 1 to 128 letters, digits, hyphens or underscores. Default: the conversation’s id, which is that of its main dialog */
            dialogId?: string;
            /**
             * @description Sent unchanged with the event, for example the `ExternalId` of a clicked card
             * @example [
             *       {
             *         "type": "ExternalId",
             *         "id": "order-confirmation"
             *       }
             *     ]
             */
            metadata?: ({
                type: string;
            } & {
                [key: string]: unknown;
            })[];
        };
        SetUrgencyBody: {
            /** @enum {string} */
            level: "normal" | "prioritized" | "urgent" | "custom";
            /** @description The seconds within which the agent should respond */
            targetSeconds: number;
        };
        SetCsatBody: {
            /** @description 5 is the best */
            rating: number;
            /** @description Whether the consumer’s issue was resolved */
            resolved: boolean;
            /**
             * @description How much of the survey the consumer answered. Default: `filled`
             * @enum {string}
             */
            status?: "filled" | "partially_filled" | "skipped";
        };
        CloseConversationBody: {
            /** @description Close only the main dialog, so that a survey can start */
            survey?: boolean;
            /** @description A dialog’s id: 1 to 128 letters, digits, hyphens or underscores. Default: the conversation’s id, which is that of its main dialog */
            dialogId?: string;
        };
        SetProfileBody: {
            customer?: {
                cstatus?: string;
                ctype?: string;
                customerId?: string;
                balance?: number;
                socialId?: string;
                imei?: string;
                userName?: string;
                companySize?: number;
                companyBranch?: string;
                accountName?: string;
                role?: string;
                lastPaymentDate?: {
                    day: number;
                    month: number;
                    year: number;
                };
                registrationDate?: {
                    day: number;
                    month: number;
                    year: number;
                };
            };
            personal?: {
                firstname?: string;
                lastname?: string;
                age?: {
                    age?: number;
                    year?: number;
                    month?: number;
                    day?: number;
                };
                contacts?: {
                    email?: string;
                    phone?: string;
                }[];
                /** @enum {string} */
                gender?: "MALE" | "FEMALE" | "OTHER";
                language?: string;
                company?: string;
            };
        };
        MessageCreated: {
            /** @description The same at every redelivery: the key against duplicates */
            id: string;
            /** @enum {string} */
            type: "message.created";
            /**
             * Format: date-time
             * @description When it happened, by LivePerson’s clock if that is known
             */
            timestamp: string;
            data: {
                /** @description The LivePerson account */
                accountId: string;
                /** @description The id that the API takes in its paths */
                conversationId: string;
                /** @description The main dialog has the conversation’s id, a survey its own */
                dialogId?: string;
                /** @description Order within one dialog; there are gaps, and a survey begins again at 0 */
                sequence?: number;
                sender: {
                    /** @description LivePerson’s id of the sender */
                    id?: string;
                    /**
                     * @description `system`: automatic messages. `unknown`: a role that this version does not know
                     * @enum {string}
                     */
                    kind: "agent" | "manager" | "consumer" | "system" | "unknown";
                    /** @description The role as LivePerson names it */
                    role?: string;
                };
                /**
                 * @description `internal` is only for agents. It comes only with `EVENTS_INCLUDE=internal`
                 * @enum {string}
                 */
                audience: "all" | "internal";
                /** @description As LivePerson sent it, e.g. the question of a survey */
                metadata?: {
                    [key: string]: unknown;
                }[];
                /**
                 * @description The kind of message; it decides which other fields there are
                 * @enum {string}
                 */
                kind: "text";
                /** @description What was written */
                text: string;
                /** @description Answers to choose from. Absent if there are none */
                quickReplies?: {
                    /** @description What the button says */
                    title: string;
                    /** @description What the consumer says by choosing it */
                    text: string;
                    /** @description As LivePerson sent it, e.g. the question of a survey */
                    metadata?: {
                        [key: string]: unknown;
                    }[];
                }[];
            } | {
                /** @description The LivePerson account */
                accountId: string;
                /** @description The id that the API takes in its paths */
                conversationId: string;
                /** @description The main dialog has the conversation’s id, a survey its own */
                dialogId?: string;
                /** @description Order within one dialog; there are gaps, and a survey begins again at 0 */
                sequence?: number;
                sender: {
                    /** @description LivePerson’s id of the sender */
                    id?: string;
                    /**
                     * @description `system`: automatic messages. `unknown`: a role that this version does not know
                     * @enum {string}
                     */
                    kind: "agent" | "manager" | "consumer" | "system" | "unknown";
                    /** @description The role as LivePerson names it */
                    role?: string;
                };
                /**
                 * @description `internal` is only for agents. It comes only with `EVENTS_INCLUDE=internal`
                 * @enum {string}
                 */
                audience: "all" | "internal";
                /** @description As LivePerson sent it, e.g. the question of a survey */
                metadata?: {
                    [key: string]: unknown;
                }[];
                /**
                 * @description The kind of message; it decides which other fields there are
                 * @enum {string}
                 */
                kind: "file";
                file: {
                    /** @description What was written under it */
                    caption?: string;
                    /** @description Its path in LivePerson’s storage */
                    relativePath: string;
                    /** @description As LivePerson names it, e.g. `JPG` */
                    fileType: string;
                    /** @description A small picture as a data URL */
                    preview?: string;
                    /** @description Where this API serves the bytes: a URL if `PUBLIC_URL` is set, else a path of this API */
                    href: string;
                };
            } | {
                /** @description The LivePerson account */
                accountId: string;
                /** @description The id that the API takes in its paths */
                conversationId: string;
                /** @description The main dialog has the conversation’s id, a survey its own */
                dialogId?: string;
                /** @description Order within one dialog; there are gaps, and a survey begins again at 0 */
                sequence?: number;
                sender: {
                    /** @description LivePerson’s id of the sender */
                    id?: string;
                    /**
                     * @description `system`: automatic messages. `unknown`: a role that this version does not know
                     * @enum {string}
                     */
                    kind: "agent" | "manager" | "consumer" | "system" | "unknown";
                    /** @description The role as LivePerson names it */
                    role?: string;
                };
                /**
                 * @description `internal` is only for agents. It comes only with `EVENTS_INCLUDE=internal`
                 * @enum {string}
                 */
                audience: "all" | "internal";
                /** @description As LivePerson sent it, e.g. the question of a survey */
                metadata?: {
                    [key: string]: unknown;
                }[];
                /**
                 * @description The kind of message; it decides which other fields there are
                 * @enum {string}
                 */
                kind: "card";
                /** @description Structured content, as LivePerson has it */
                card: {
                    [key: string]: unknown;
                };
                /** @description Answers to choose from. Absent if there are none */
                quickReplies?: {
                    /** @description What the button says */
                    title: string;
                    /** @description What the consumer says by choosing it */
                    text: string;
                    /** @description As LivePerson sent it, e.g. the question of a survey */
                    metadata?: {
                        [key: string]: unknown;
                    }[];
                }[];
            } | {
                /** @description The LivePerson account */
                accountId: string;
                /** @description The id that the API takes in its paths */
                conversationId: string;
                /** @description The main dialog has the conversation’s id, a survey its own */
                dialogId?: string;
                /** @description Order within one dialog; there are gaps, and a survey begins again at 0 */
                sequence?: number;
                sender: {
                    /** @description LivePerson’s id of the sender */
                    id?: string;
                    /**
                     * @description `system`: automatic messages. `unknown`: a role that this version does not know
                     * @enum {string}
                     */
                    kind: "agent" | "manager" | "consumer" | "system" | "unknown";
                    /** @description The role as LivePerson names it */
                    role?: string;
                };
                /**
                 * @description `internal` is only for agents. It comes only with `EVENTS_INCLUDE=internal`
                 * @enum {string}
                 */
                audience: "all" | "internal";
                /** @description As LivePerson sent it, e.g. the question of a survey */
                metadata?: {
                    [key: string]: unknown;
                }[];
                /**
                 * @description The kind of message; it decides which other fields there are
                 * @enum {string}
                 */
                kind: "form";
                form: {
                    /** @description The same id in the invitation and in its later events */
                    invitationId: string;
                    /** @description Only in an invitation */
                    formId?: string | number;
                    /** @description Only in an invitation */
                    title?: string;
                    /** @description Only in a form that was filled in */
                    submissionId?: string;
                };
            } | {
                /** @description The LivePerson account */
                accountId: string;
                /** @description The id that the API takes in its paths */
                conversationId: string;
                /** @description The main dialog has the conversation’s id, a survey its own */
                dialogId?: string;
                /** @description Order within one dialog; there are gaps, and a survey begins again at 0 */
                sequence?: number;
                sender: {
                    /** @description LivePerson’s id of the sender */
                    id?: string;
                    /**
                     * @description `system`: automatic messages. `unknown`: a role that this version does not know
                     * @enum {string}
                     */
                    kind: "agent" | "manager" | "consumer" | "system" | "unknown";
                    /** @description The role as LivePerson names it */
                    role?: string;
                };
                /**
                 * @description `internal` is only for agents. It comes only with `EVENTS_INCLUDE=internal`
                 * @enum {string}
                 */
                audience: "all" | "internal";
                /** @description As LivePerson sent it, e.g. the question of a survey */
                metadata?: {
                    [key: string]: unknown;
                }[];
                /**
                 * @description The kind of message; it decides which other fields there are
                 * @enum {string}
                 */
                kind: "other";
                /** @description LivePerson’s event, of a type that this version does not know */
                raw: {
                    [key: string]: unknown;
                };
            };
        };
        ReceiptCreated: {
            /** @description The same at every redelivery: the key against duplicates */
            id: string;
            /** @enum {string} */
            type: "receipt.created";
            /**
             * Format: date-time
             * @description When it happened, by LivePerson’s clock if that is known
             */
            timestamp: string;
            data: {
                /** @description The LivePerson account */
                accountId: string;
                /** @description The id that the API takes in its paths */
                conversationId: string;
                /** @description The main dialog has the conversation’s id, a survey its own */
                dialogId?: string;
                /** @description Order within one dialog; there are gaps, and a survey begins again at 0 */
                sequence?: number;
                sender: {
                    /** @description LivePerson’s id of the sender */
                    id?: string;
                    /**
                     * @description `system`: automatic messages. `unknown`: a role that this version does not know
                     * @enum {string}
                     */
                    kind: "agent" | "manager" | "consumer" | "system" | "unknown";
                    /** @description The role as LivePerson names it */
                    role?: string;
                };
                /**
                 * @description Only with `EVENTS_INCLUDE=internal`. Absent if it is for all
                 * @enum {string}
                 */
                audience?: "internal";
                /** @description As LivePerson sent it, e.g. the question of a survey */
                metadata?: {
                    [key: string]: unknown;
                }[];
                /**
                 * @description `accept`: the messages were delivered. `read`: they were read. `access`: the file was opened. `nack`: they were not delivered. `action`: an element of a card was clicked. `viewed`: the form was seen
                 * @enum {string}
                 */
                status: "accept" | "read" | "access" | "nack" | "action" | "viewed";
                /** @description The `sequence` of each message that it is about */
                sequences: number[];
            };
        };
        ChatStateUpdated: {
            /** @description The same at every redelivery: the key against duplicates */
            id: string;
            /** @enum {string} */
            type: "chat_state.updated";
            /**
             * Format: date-time
             * @description When it happened, by LivePerson’s clock if that is known
             */
            timestamp: string;
            data: {
                /** @description The LivePerson account */
                accountId: string;
                /** @description The id that the API takes in its paths */
                conversationId: string;
                /** @description The main dialog has the conversation’s id, a survey its own */
                dialogId?: string;
                sender: {
                    /** @description LivePerson’s id of the sender */
                    id?: string;
                    /**
                     * @description `system`: automatic messages. `unknown`: a role that this version does not know
                     * @enum {string}
                     */
                    kind: "agent" | "manager" | "consumer" | "system" | "unknown";
                    /** @description The role as LivePerson names it */
                    role?: string;
                };
                /**
                 * @description Only with `EVENTS_INCLUDE=internal`. Absent if it is for all
                 * @enum {string}
                 */
                audience?: "internal";
                /**
                 * @description `composing` and `pause`: someone is typing, or has stopped. The others: whether the sender is present
                 * @enum {string}
                 */
                state: "composing" | "pause" | "active" | "inactive" | "gone" | "background";
            };
        };
        ConversationUpdated: {
            /** @description The same at every redelivery: the key against duplicates */
            id: string;
            /** @enum {string} */
            type: "conversation.updated";
            /**
             * Format: date-time
             * @description When it happened, by LivePerson’s clock if that is known
             */
            timestamp: string;
            data: {
                /** @description The LivePerson account */
                accountId: string;
                /** @description The id that the API takes in its paths */
                conversationId: string;
                /**
                 * @description `survey`: the agent is done, and the consumer is asked how it was
                 * @enum {string}
                 */
                status: "open" | "survey" | "closed";
                /** @description The agent who has joined. One who was only offered the conversation has not */
                agent: {
                    /** @description LivePerson’s own id */
                    id: string;
                } | null;
                /** @description `-1`: any */
                skillId?: string;
                /** @description The dialog of the running survey: answers go to it. Absent if none runs */
                surveyDialogId?: string;
                /**
                 * @description Who opened it. `this-app`: the app installation of these credentials. `other`: another channel of the account
                 * @enum {string}
                 */
                origin: "this-app" | "other" | "unknown";
                /** @description As LivePerson names it, e.g. `AGENT` or `CONSUMER` */
                closeReason?: string;
                /**
                 * Format: date-time
                 * @description When the conversation began
                 */
                startedAt?: string;
                /**
                 * Format: date-time
                 * @description When it ended
                 */
                endedAt?: string;
                /**
                 * Format: date-time
                 * @description Orders the states of one conversation
                 */
                updatedAt?: string;
                /** @description Everyone in the conversation, and an agent who was only offered it */
                participants: {
                    /** @description LivePerson’s own id */
                    id: string;
                    /** @description The role as LivePerson names it */
                    role?: string;
                }[];
                /** @description The main one, and a survey once it has begun */
                dialogs: {
                    /** @description The main dialog has the conversation’s id */
                    dialogId: string;
                    /** @description `main`, `post_survey` or another */
                    type: string;
                    /**
                     * @description Of this dialog alone
                     * @enum {string}
                     */
                    status: "open" | "closed";
                    /** @description As LivePerson names it, e.g. `AGENT` or `CONSUMER` */
                    closedBy?: string;
                    /** @description As LivePerson words it */
                    closedCause?: string;
                }[];
                /** @description What the consumer thought of it, as LivePerson has it */
                csat?: {
                    [key: string]: unknown;
                };
                /** @description The contact center is closed now */
                delay?: {
                    /** @description `night`, `weekend` or `holiday` */
                    type?: string;
                    /**
                     * Format: date-time
                     * @description When agents are back
                     */
                    until?: string;
                };
            };
        };
        ConversationClosed: {
            /** @description The same at every redelivery: the key against duplicates */
            id: string;
            /** @enum {string} */
            type: "conversation.closed";
            /**
             * Format: date-time
             * @description When it happened, by LivePerson’s clock if that is known
             */
            timestamp: string;
            data: {
                /** @description The LivePerson account */
                accountId: string;
                /** @description The id that the API takes in its paths */
                conversationId: string;
                /**
                 * @description `survey`: the agent is done, and the consumer is asked how it was
                 * @enum {string}
                 */
                status: "open" | "survey" | "closed";
                /** @description The agent who has joined. One who was only offered the conversation has not */
                agent: {
                    /** @description LivePerson’s own id */
                    id: string;
                } | null;
                /** @description `-1`: any */
                skillId?: string;
                /** @description The dialog of the running survey: answers go to it. Absent if none runs */
                surveyDialogId?: string;
                /**
                 * @description Who opened it. `this-app`: the app installation of these credentials. `other`: another channel of the account
                 * @enum {string}
                 */
                origin: "this-app" | "other" | "unknown";
                /** @description As LivePerson names it, e.g. `AGENT` or `CONSUMER` */
                closeReason?: string;
                /**
                 * Format: date-time
                 * @description When the conversation began
                 */
                startedAt?: string;
                /**
                 * Format: date-time
                 * @description When it ended
                 */
                endedAt?: string;
                /**
                 * Format: date-time
                 * @description Orders the states of one conversation
                 */
                updatedAt?: string;
                /** @description Everyone in the conversation, and an agent who was only offered it */
                participants: {
                    /** @description LivePerson’s own id */
                    id: string;
                    /** @description The role as LivePerson names it */
                    role?: string;
                }[];
                /** @description The main one, and a survey once it has begun */
                dialogs: {
                    /** @description The main dialog has the conversation’s id */
                    dialogId: string;
                    /** @description `main`, `post_survey` or another */
                    type: string;
                    /**
                     * @description Of this dialog alone
                     * @enum {string}
                     */
                    status: "open" | "closed";
                    /** @description As LivePerson names it, e.g. `AGENT` or `CONSUMER` */
                    closedBy?: string;
                    /** @description As LivePerson words it */
                    closedCause?: string;
                }[];
                /** @description What the consumer thought of it, as LivePerson has it */
                csat?: {
                    [key: string]: unknown;
                };
                /** @description The contact center is closed now */
                delay?: {
                    /** @description `night`, `weekend` or `holiday` */
                    type?: string;
                    /**
                     * Format: date-time
                     * @description When agents are back
                     */
                    until?: string;
                };
            };
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type Problem = components['schemas']['Problem'];
export type Conversation = components['schemas']['Conversation'];
export type Event = components['schemas']['Event'];
export type FileEvent = components['schemas']['FileEvent'];
export type OpenConversationBody = components['schemas']['OpenConversationBody'];
export type SendMessageBody = components['schemas']['SendMessageBody'];
export type StartTypingBody = components['schemas']['StartTypingBody'];
export type SetChatStateBody = components['schemas']['SetChatStateBody'];
export type SendReceiptBody = components['schemas']['SendReceiptBody'];
export type SetUrgencyBody = components['schemas']['SetUrgencyBody'];
export type SetCsatBody = components['schemas']['SetCsatBody'];
export type CloseConversationBody = components['schemas']['CloseConversationBody'];
export type SetProfileBody = components['schemas']['SetProfileBody'];
export type MessageCreated = components['schemas']['MessageCreated'];
export type ReceiptCreated = components['schemas']['ReceiptCreated'];
export type ChatStateUpdated = components['schemas']['ChatStateUpdated'];
export type ConversationUpdated = components['schemas']['ConversationUpdated'];
export type ConversationClosed = components['schemas']['ConversationClosed'];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
