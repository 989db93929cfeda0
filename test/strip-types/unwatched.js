/**
 * The first thing that the process of a test loads. Without coverage nobody asks which files a test loads, and nobody
 * here mocks modules: so tap's own hooks for both are kept out, which take half of a small test's time.
 */
import hooks from 'node:async_hooks'
import module, { syncBuiltinESMExports } from 'node:module'
import process from 'node:process'
import { setFlagsFromString } from 'node:v8'

// Most tests end before optimized code has saved the time that it took to make.
if (process.env.LONG_RUNS !== 'true') setFlagsFromString('--no-opt')

// It names this file, by a path that is right in this process alone, and tap's hooks again.
delete process.env.NODE_OPTIONS

if (process.env.TAP_DISABLE_COVERAGE === '1') {
  const { register } = module
  module.register = (specifier, ...rest) =>
    String(specifier).includes('/@tapjs/') ? undefined : register(specifier, ...rest)
  module.registerHooks = undefined
  // tap follows every promise, to say which test a throw came from that nobody awaited. Without that it ends the process, which fails too.
  hooks.createHook = () => ({ enable() {}, disable() {} })
  syncBuiltinESMExports()
  process.env.__TAPJS_PROCESSINFO_TESTING_NO_REGISTER__ = String(process.pid)
  process.execArgv = process.execArgv.filter((flag) => !/@tapjs\/|source-maps/.test(flag))
}
