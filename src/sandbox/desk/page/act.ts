/** Does something and says how it went. */
export type Act = (doing: Promise<unknown>, done?: string) => void
