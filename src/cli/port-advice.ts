/** What to do about an error of listening; empty: its message says all. @param ports the variables of the ports to change */
export function portAdvice(
  { code }: NodeJS.ErrnoException,
  ports: readonly string[],
  command?: string,
): string {
  // The person who set them knows which; some are secrets.
  const asBefore = ', with your other variables as before'
  const settings = (value: number) => {
    const assignments = ports.map((port) => `${port}=${value}`).join(' ')
    return command === undefined ? assignments : `${assignments} ${command}${asBefore}`
  }
  switch (code) {
    case 'EADDRINUSE':
      return `\n  Another program uses this port, perhaps an earlier run of this one. Stop it, or use a free port: ${settings(0)}`
    case 'EACCES':
      return `\n  This user may not listen on a port below 1024. Use another port: ${settings(8080)}`
    case 'EADDRNOTAVAIL':
      return '\n  This machine does not have that address'
    default:
      return ''
  }
}

/** The command that started it. @param npmEvent `npm_lifecycle_event`, by which npm says what it runs */
export function startCommand(isSandbox: boolean, npmEvent: string | undefined): string {
  if (npmEvent === 'npx') return `npx liveengage-proxy${isSandbox ? ' sandbox' : ''}`
  return isSandbox ? 'npm run sandbox' : 'npm start'
}
