#!/usr/bin/env node
/** The program: does what its arguments say, and loads only what that needs. */
import { readCommandLine, usage } from './cli/command-line.ts'

function print(text: string): void {
  process.stdout.write(text)
}

async function obey(args: readonly string[]): Promise<void> {
  const command = readCommandLine(args)
  switch (command.name) {
    case 'serve': {
      const { serve } = await import('./cli/serve.ts')
      return serve(process.env)
    }
    case 'sandbox': {
      if (command.isAlone) {
        // It is also a program: it runs when it is loaded.
        await import('./sandbox/server.ts')
        return
      }
      const { serve } = await import('./cli/serve.ts')
      return serve({ ...process.env, SANDBOX: 'true' })
    }
    case 'help':
      return print(usage)
    case 'version': {
      const { readVersion } = await import('./version.ts')
      return print(`${readVersion()}\n`)
    }
    case 'check-config': {
      const { checkConfiguration, summarize } = await import('./doctor/configuration.ts')
      return print(summarize(checkConfiguration(process.env)))
    }
    case 'doctor': {
      const { runDoctor } = await import('./doctor/doctor.ts')
      process.exitCode = await runDoctor(process.env, command, print)
      return
    }
    case 'mistake':
      process.stderr.write(`liveengage-proxy: ${command.sentence}\n`)
      process.exitCode = 2
  }
}

await obey(process.argv.slice(2)).catch(async (error: Error) => {
  const { explainFailure } = await import('./cli/explain-failure.ts')
  process.stderr.write(`liveengage-proxy: ${explainFailure(error, process.env)}\n`)
  process.exit(1)
})
