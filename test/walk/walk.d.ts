export type Step = { file: string; calls: number; functions: string[] }
export function walkOfSend(): Promise<Step[]>
export function toTable(walk: readonly Step[]): string
