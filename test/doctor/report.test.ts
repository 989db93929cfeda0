import t from 'tap'
import { explainProblem } from '../../src/doctor/advice.ts'
import { toJson, toText } from '../../src/doctor/report.ts'

const token = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2FtcGxl'

t.test('a finding is one line, with more lines and the remedy under it', async (t) => {
  t.equal(
    toText({ name: 'clock', status: 'ok', detail: 'good' }),
    'ok    clock              good\n',
  )
  t.equal(
    toText({ name: 'clock', status: 'fail', detail: 'one\ntwo', remedy: 'Do.' }),
    'FAIL  clock              one\n        two\n        Do.\n',
  )
  t.match(toText({ name: 'clock', status: 'warn', detail: '' }), /^warn {2}clock/)
  t.match(toText({ name: 'clock', status: 'skip', detail: '' }), /^skip {2}clock/)
})

t.test('no token and no control character is printed, whatever a host says', async (t) => {
  const finding = {
    name: 'clock',
    status: 'fail',
    detail: `by \u001b[2J ${token}`,
    remedy: `Do \u202e${token}`,
  } as const
  t.equal(toText(finding), 'FAIL  clock              by ?[2J [token]\n        Do ?[token]\n')
  t.strictSame(JSON.parse(toJson([finding])), [
    { name: 'clock', status: 'fail', detail: 'by ?[2J [token]', remedy: 'Do ?[token]' },
  ])
})

t.test('an error that is no problem is not explained away', async (t) => {
  t.throws(() => explainProblem(new TypeError('unforeseen')), { message: 'unforeseen' })
})
