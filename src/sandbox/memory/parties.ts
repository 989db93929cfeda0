/** Who answers on LiveEngage's side. */

export type Agent = { id: string; name: string }

export const agents: readonly [Agent, ...Agent[]] = [
  { id: '29c3019d-0000-5200-afe8-737abfea0001', name: 'Robin' },
  { id: '3b7d42aa-0000-5b1e-9c53-5d1f0f2b0004', name: 'Kim' },
]

export const surveyBot = { id: '2fa9ac85-0000-5bd6-8384-8c32dabae002', role: 'AGENT' } as const
export const controller = {
  id: '52e05c00-0000-5823-acf7-62570b930003',
  role: 'CONTROLLER',
} as const

/** The app installs of the survey bot and of another channel, such as web messaging. */
export const surveyAppInstall = '756e7363-4472-4ae1-b1ae-b3b0b5210000'
export const otherAppInstall = '89db1d2e-2222-4333-8444-5555666677aa'
