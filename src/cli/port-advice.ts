/** What to do about an error of listening; empty: its message says all. @param ports the variables of the ports to change */
export function portAdvice(
  { code }: NodeJS.ErrnoException,
  ports: readonly string[],
  command: string,
): string {
  // Which these are, the one who set them knows; some are secrets.
  const asBefore = ', with your other variables as before'
  const assignments = (value: number) => ports.map((port) => `${port}=${value}`).join(' ')
  switch (code) {
    case 'EADDRINUSE':
      return `\n  Another program listens there, perhaps an earlier start of this one: stop it. On a free port: ${assignments(0)} ${command}${asBefore}`
    case 'EACCES':
      return `\n  This user may not listen on a port below 1024. On another one: ${assignments(8080)} ${command}${asBefore}`
    case 'EADDRNOTAVAIL':
      return '\n  This machine does not have that address'
    default:
      return ''
  }
}

/** What was typed to start it. @param npmEvent `npm_lifecycle_event`, by which npm says what it runs */
export function startCommand(isSandbox: boolean, npmEvent: string | undefined): string {
  if (npmEvent === 'npx') return `npx liveengage-proxy${isSandbox ? ' sandbox' : ''}`
  return isSandbox ? 'npm run sandbox' : 'npm start'
}
