import { test } from 'tap'
import { portAdvice, startCommand } from '../../src/cli/port-advice.ts'

test('an error of listening says what to do, with the command', async (t) => {
  const error = (code: string) => Object.assign(new Error(code), { code })
  const ports = ['PORT', 'SANDBOX_PORT']
  t.match(
    portAdvice(error('EADDRINUSE'), ports, 'npm run sandbox'),
    'use a free port: PORT=0 SANDBOX_PORT=0 npm run sandbox, with your other variables as before',
  )
  t.match(portAdvice(error('EADDRINUSE'), ['ADMIN_PORT'], 'npm start'), 'ADMIN_PORT=0 npm start')
  t.match(
    portAdvice(error('EACCES'), ['PORT'], 'npm start'),
    'PORT=8080 npm start, with your other',
  )
  t.match(portAdvice(error('EADDRNOTAVAIL'), ['PORT'], 'npm start'), 'does not have that address')
  t.equal(portAdvice(error('ENOTFOUND'), ['PORT'], 'npm start'), '')
})

test('the command is the one that was typed', async (t) => {
  t.equal(startCommand(true, 'sandbox'), 'npm run sandbox')
  t.equal(startCommand(false, undefined), 'npm start')
  t.equal(startCommand(true, 'npx'), 'npx liveengage-proxy sandbox')
  t.equal(startCommand(false, 'npx'), 'npx liveengage-proxy')
})
