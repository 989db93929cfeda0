/** Paths that another hop may read as another path. */
import { type Malformed, refused, withLine } from './request.ts'

const targets: [target: string, statuses: Malformed['statuses']][] = [
  ['/conversations/c1/%2e%2e/c2/messages', [404]],
  ['/conversations/../conversations/c1/messages', [404]],
  ['/conversations/c1/./messages', [404]],
  ['/conversations/%2e%2e/messages', refused],
  ['/conversations/../messages', refused],
  ['/conversations/%252e%252e/messages', refused],
  ['/conversations/c1%2fmessages', [404]],
  ['/conversations/c1%2f..%2fc2/messages', refused],
  ['/conversations/c1%5c..%5cc2/messages', refused],
  ['/conversations/c1\\messages', [404]],
  ['/conversations/c1/messages%00', [404]],
  ['/conversations/c1%00/messages', refused],
  ['/conversations/c1%0d%0aX:%20a/messages', refused],
  ['/conversations/%c0%ae%c0%ae/messages', refused],
  ['/conversations/c1%c0%af/messages', refused],
  ['/conversations/%e0%80%af/messages', refused],
  ['/conversations/%u002e/messages', refused],
  ['/conversations/%/messages', refused],
  ['/conversations/c1/messages%', [[400, 404]]],
  ['//conversations/c1/messages', [404]],
  ['/conversations//messages', refused],
  ['/conversations/c1//messages', [404]],
  ['/conversations/c1/messages/', [404]],
  ['/conversations/c1/messages//', [404]],
  ['/conversations/c1;x=1/messages', refused],
  ['/conversations/c1/messages;x=1', [404]],
  ['/Conversations/c1/messages', [404]],
  // Fastify takes what follows a number sign for the query.
  ['/conversations/c1/messages#dryRun=true', [[200, 400, 404]]],
  ['/conversations/c1#/messages', [[400, 404]]],
  ['/conversations/c1/messages?dryRun=%', refused],
  ['/conversations/c1/messages?dryRun=%c0%af', refused],
  ['/conversations/c1/messages?dryRun=true&dryRun=true', refused],
  ['/conversations/c1/messages?dryRun=true;x=1', refused],
  ['/conversations/c1/messages?dryRun=true?', refused],
  ['/conversations/c1/messages?dryrun=true', refused],
  ['/conversations/c1/messages?%64ryRun=%74rue', [200]],
  ['/conversations/c1/messages?dryRun=false&__proto__=1', refused],
  ['/conversations/__proto__/messages?dryRun=true', [200]],
]

export const paths = targets.map(
  ([target, statuses]): Malformed => ({
    name: `the target ${target}`,
    bytes: withLine(`POST ${target} HTTP/1.1`),
    statuses,
  }),
)
