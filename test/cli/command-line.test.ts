import t from 'tap'
import { readCommandLine, usage } from '../../src/cli/command-line.ts'

const doctor = {
  ...{ name: 'doctor', accountId: undefined, consumerId: undefined, webhookUrl: undefined },
  isJson: false,
}
const webhookUrl = 'https://hooks.example.com/webhooks/liveperson'

t.test('each command is what its arguments say', async (t) => {
  for (const [args, command] of [
    ['', { name: 'serve' }],
    ['--help', { name: 'help' }],
    ['-h', { name: 'help' }],
    ['doctor --help', { name: 'help' }],
    ['--version', { name: 'version' }],
    ['-v', { name: 'version' }],
    ['--check-config', { name: 'check-config' }],
    ['sandbox', { name: 'sandbox', isAlone: false }],
    ['sandbox --only', { name: 'sandbox', isAlone: true }],
    ['doctor', doctor],
    ['--json doctor', { ...doctor, isJson: true }],
    ['doctor --account 12345678', { ...doctor, accountId: '12345678' }],
    [`doctor --webhook-url ${webhookUrl}`, { ...doctor, webhookUrl }],
    ['doctor --account=a --consumer=+31~x', { ...doctor, accountId: 'a', consumerId: '+31~x' }],
  ] as const) {
    t.strictSame(readCommandLine(args.split(' ').filter(Boolean)), command, args)
  }
})

t.test('what is not understood is a sentence, without the value of an option', async (t) => {
  for (const [args, sentence] of [
    [['--secret=hunter2'], "Unknown option '--secret'"],
    [['-x'], "Unknown option '-x'"],
    [['docter'], "Unknown command 'docter'"],
    [['doctor', 'now'], "Unexpected argument 'now'"],
    [['doctor', '--check-config'], "'doctor' and '--check-config' cannot be used together"],
    [['sandbox', '--check-config'], "'sandbox' and '--check-config' cannot be used together"],
    [['sandbox', '3001'], "Unexpected argument '3001'"],
    [['--only'], "'--only' requires 'sandbox'"],
    [['doctor', '--only'], "'--only' requires 'sandbox'"],
    [
      ['sandbox', '--json'],
      "'--account', '--consumer', '--webhook-url' and '--json' require 'doctor'",
    ],
    [['--json'], "'--account', '--consumer', '--webhook-url' and '--json' require 'doctor'"],
    [
      ['--account', 'a'],
      "'--account', '--consumer', '--webhook-url' and '--json' require 'doctor'",
    ],
    [
      ['--check-config', '--consumer', 'a'],
      "'--account', '--consumer', '--webhook-url' and '--json' require 'doctor'",
    ],
    [['doctor', '--account'], "Option '--account <value>' argument missing"],
    [['doctor', '--account', '--json'], "Option '--account' argument is ambiguous"],
    [['doctor', '--json=hunter2'], "Option '--json' does not take an argument"],
    [['doctor', '--account', 'hunter2!'], "'--account' must be 1 to 32 letters and digits"],
    [['doctor', '--consumer', 'hunter 2'], "'--consumer' must be 1 to 256 visible characters"],
    [
      ['--webhook-url', webhookUrl],
      "'--account', '--consumer', '--webhook-url' and '--json' require 'doctor'",
    ],
    [['doctor', '--webhook-url', 'hunter2'], "'--webhook-url' must be an http or https URL"],
    [['doctor', '--webhook-url', 'ftp://hunter2'], "'--webhook-url' must be an http or https URL"],
    [['doctor', '--consumer', ''], "'--consumer' must be 1 to 256 visible characters"],
  ] as const) {
    t.strictSame(
      readCommandLine(args),
      { name: 'mistake', sentence: `${sentence}. Run with '--help' for usage.` },
      args.join(' '),
    )
  }
})

t.test('the usage names every command and option', async (t) => {
  for (const name of [
    'sandbox',
    '--only',
    'doctor',
    '--account',
    '--consumer',
    '--webhook-url',
    '--json',
    '--check-config',
  ]) {
    t.match(usage, name)
  }
  t.match(usage, /--help, -h.*--version, -v.*environment variables/s)
  for (const line of usage.split('\n')) t.ok(line.length <= 120, line)
})
