export interface DugRecord {
  readonly name: string
  readonly ttl: number
  readonly type: string
  readonly data: string
}

/** What dig made of a reply. */
export interface Dug {
  /** As dig spells it; `NO REPLY` when none came in time. */
  readonly rcode: string
  readonly id: number
  /** `qr rd ra` …, in dig's order. */
  readonly flags: readonly string[]
  readonly edns: { readonly size: number; readonly flags: readonly string[] } | undefined
  readonly answer: readonly DugRecord[]
  readonly authority: readonly DugRecord[]
  readonly additional: readonly DugRecord[]
  /** The rdata of the answer section, in order: most cases want just this. */
  readonly data: readonly string[]
  readonly text: string
}

export function readDig(text: string): Dug {
  const answer = section(text, 'ANSWER')
  const edns = /^; EDNS: version: \d+, flags:([^;]*); udp: (\d+)/m.exec(text)
  return {
    rcode: /status: (\w+)/.exec(text)?.[1] ?? 'NO REPLY',
    id: Number(/, id: (\d+)/.exec(text)?.[1] ?? 0),
    flags: words(/^;; flags: ([^;]*);/m.exec(text)?.[1]),
    edns: edns === null ? undefined : { size: Number(edns[2]), flags: words(edns[1]) },
    answer,
    authority: section(text, 'AUTHORITY'),
    additional: section(text, 'ADDITIONAL'),
    data: answer.map(({ data }) => data),
    text,
  }
}

function section(text: string, name: string): DugRecord[] {
  const body = new RegExp(`^;; ${name} SECTION:\\n((?:[^\\n;].*\\n)*)`, 'm').exec(text)?.[1] ?? ''
  return body.split('\n').flatMap((line) => {
    const [owner, ttl, , type, ...data] = line.split(/\s+/)
    if (owner === undefined || type === undefined) return []
    return [{ name: owner, ttl: Number(ttl), type, data: data.join(' ') }]
  })
}

function words(text = ''): string[] {
  return text.split(' ').filter((word) => word !== '')
}
