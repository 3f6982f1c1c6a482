import { encryptionText } from '../inspect/encryption-text.ts'
import { timeSpan } from '../terminal/layout.ts'
import { clientText, originText, type ReportedQuestion, resultText } from './questions.ts'
import type { Style } from '../terminal/screen.ts'
import type { LinkRow, TopModel } from './top-model.ts'
import { typeText } from '../../wire/index.ts'

/** A piece of a line in one style. */
export interface Piece {
  readonly text: string
  readonly style?: Style | 'green' | 'inverse'
}
export type Line = readonly Piece[]

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** States of a link, each of which depends on those before it. */
// biome-ignore format: a table reads better in rows
const LINK_STATES: readonly (readonly [label: string, isOn: (row: LinkRow) => boolean])[] = [
  ['up', ({ link }) => link.up],
  ['ca', ({ link }) => link.carrier],
  ['ad', ({ link }) => link.addresses.length > 0 || link.ifindex === undefined],
  ['rt', ({ link }) => link.defaultRoute || link.domains.length > 0],
  ['sv', ({ link }) => link.configuredServers.length > 0],
  ['ok', ({ link }) => link.servers.some(({ trusted }) => trusted) && link.inUse],
]
/** Eight heights of a sparkline, lowest first. */
const SPARKS = '▁▂▃▄▅▆▇█'
const KEYS = ' q quit  space pause  ←→ link  ↑↓ question  w why  f flush  h help '
/** Columns before the sparks, and of the least that follows them. */
const NAME_WIDTH = 10
const BEFORE_SPARKS = 2 + NAME_WIDTH + 2 + LINK_STATES.length * 3 + 6 + 6 + 7
const SERVER_WIDTH = 18
/** With fewer columns than this there is only room for initials and for one spark. */
const ROOMY = 110
/** Seconds over which the numbers beside a sparkline are averaged. */
const WINDOW = 10

/** What the signs and keys mean. */
export const HELP: readonly string[] = [
  'The states of each link, from the cable up:',
  '',
  '  up  the interface is up',
  '  ca  it has a carrier',
  '  ad  it has an address (for the global scope: none is needed)',
  '  rt  names are routed to it: it is a default route, or claims domains',
  '  sv  it has DNS servers',
  '  ok  one of them answers, and the link is in use',
  '',
  'q/s, fail/s  questions and failures a second',
  'hit          share answered from its cache',
  'p50, p95     half of what went over the network, and 19 of 20, took no longer;',
  '             the bars are the last seconds, by order of magnitude, 1 ms to 3 s',
  'server       the one that would be asked now, and how where that is encrypted',
  '',
  'left right  questions of one link     up down  choose a question',
  'w           why was it answered so    f        flush all caches',
  'space       hold the list, or go on   q        quit',
]

/** Text for the whole screen: lines that are too long go on below. */
export function pageLines(text: readonly string[], { columns, rows }: Size): Line[] {
  const lines = text.flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? [''])
  return lines.slice(0, rows).map((line) => [{ text: line }])
}

/** The whole screen: exactly `rows` lines of at most `columns` characters. */
export function topLines(model: TopModel, { columns, rows }: Size, now: Date): Line[] {
  const links = model.rows.slice(0, Math.max(1, Math.floor(rows / 2) - 3))
  const top = [headLine(model, now), headings(columns), ...links.map((row) => linkLine(row, model, columns))]
  const hidden = model.rows.length - links.length
  const more = hidden > 0 ? [[{ text: `  … and ${hidden} more`, style: 'grey' } as const]] : []
  const title = `Questions ${model.pickedScope === undefined ? 'of all scopes' : `of ${model.pickedScope}`}`
  const above = [...top, ...more, [], [{ text: title, style: 'bold' } as const]]
  const room = Math.max(0, rows - above.length - 1)
  const first = Math.max(0, model.selected - room + 1)
  const questions = model.questions.slice(first, first + room).map((question, i) => {
    return questionLine(question, columns, first + i === model.selected)
  })
  const filler: Line[] = Array.from({ length: Math.max(0, room - questions.length) }, () => [])
  const keys: Line = [{ text: (model.message === '' ? KEYS : ` ${model.message} `).padEnd(columns), style: 'inverse' }]
  return [...above, ...questions, ...filler, keys].slice(0, rows).map((line) => cut(line, columns))
}

function headLine(model: TopModel, now: Date): Line {
  const total = (pick: (row: LinkRow) => number) => model.rows.reduce((sum, row) => sum + pick(row), 0)
  const asked = total(({ samples }) => mean(samples.map(({ questions }) => questions)))
  const hits = total(({ samples }) => mean(samples.map(({ hits: some }) => some)))
  const failed = total(({ samples }) => mean(samples.map(({ failures }) => failures)))
  const share = asked === 0 ? '–' : `${Math.round((100 * hits) / asked)}%`
  const text = `  ${now.toTimeString().slice(0, 8)}  ${asked.toFixed(1)} questions/s  cache ${share}  ${failed.toFixed(1)} failures/s`
  const paused: Piece[] = model.isPaused ? [{ text: '  PAUSED', style: 'red' }] : []
  return [{ text: 'tsresolved', style: 'bold' }, { text }, ...paused]
}

function headings(columns: number): Line {
  const width = sparkWidth(columns)
  const isRoomy = columns >= ROOMY
  const lights = LINK_STATES.map(([label]) => (isRoomy ? label.padEnd(3) : `${label[0]} `)).join('')
  const rates = `${'q/s'.padStart(6)}${'hit'.padStart(6)}${'fail/s'.padStart(7)}`
  const sparks = `${'p50'.padStart(7)}${isRoomy ? ' '.repeat(width + 1) : ''}${'p95'.padStart(7)} ${' '.repeat(width)}`
  return [{ text: `  ${'link'.padEnd(NAME_WIDTH)}  ${lights}${rates}${sparks} server`, style: 'grey' }]
}

function linkLine(row: LinkRow, { pickedScope }: TopModel, columns: number): Line {
  const { link, samples } = row
  const width = sparkWidth(columns)
  const recent = samples.slice(-WINDOW)
  const asked = mean(recent.map(({ questions }) => questions))
  const hits = mean(recent.map((sample) => sample.hits))
  const hit = asked === 0 ? '–' : `${Math.round((100 * hits) / asked)}%`
  const failed = mean(recent.map(({ failures }) => failures))
  const isPicked = link.scope === pickedScope
  const isRoomy = columns >= ROOMY
  const gap = isRoomy ? '  ' : ' '
  const lights = LINK_STATES.map(([, isOn]): Piece => {
    return isOn(row) ? { text: `●${gap}`, style: 'green' } : { text: `○${gap}`, style: 'red' }
  })
  const halves = samples.map(({ p50 }) => p50)
  const most = samples.map(({ p95 }) => p95)
  const rates = `${asked.toFixed(1).padStart(6)}${hit.padStart(6)}`
  return [
    { text: isPicked ? '> ' : '  ' },
    isPicked ? { text: fit(link.name, NAME_WIDTH), style: 'bold' } : { text: fit(link.name, NAME_WIDTH) },
    { text: '  ' },
    ...lights,
    { text: rates },
    failed > 0 ? { text: failed.toFixed(1).padStart(7), style: 'red' } : { text: failed.toFixed(1).padStart(7) },
    { text: latency(halves, isRoomy ? width : 0) },
    { text: latency(most, width) },
    { text: ` ${currentServer(link)}` },
  ]
}

/** The row says already which link it is. */
function currentServer({ servers, name }: LinkRow['link']): string {
  const current = servers.find((server) => server.current)
  if (current === undefined) return '–'
  const { server, encryption } = current
  return server.replace(`%${name}`, '') + (encryption === undefined ? '' : `  ${encryptionText(encryption)}`)
}

/** The latest value, and how it went. */
function latency(values: readonly (number | undefined)[], width: number): string {
  const latest = values.findLast((value) => value !== undefined)
  const text = latest === undefined ? '–' : `≤${timeSpan(latest)}`
  return text.padStart(7) + (width === 0 ? '' : ` ${spark(values.slice(-width)).padStart(width)}`)
}

/** One character each, by the order of magnitude; a blank for nothing. */
export function spark(values: readonly (number | undefined)[]): string {
  return values
    .map((value) => {
      if (value === undefined) return ' '
      const level = Math.round(Math.log10(Math.max(1, value / 1000)) * 2)
      return SPARKS[Math.min(SPARKS.length - 1, level)] as string
    })
    .join('')
}

function sparkWidth(columns: number): number {
  return Math.max(3, Math.min(30, Math.floor((columns - BEFORE_SPARKS - 16 - SERVER_WIDTH) / 2)))
}

function questionLine(question: ReportedQuestion, columns: number, isSelected: boolean): Line {
  const { name, types, tookUSec, client } = question
  const at = new Date(question.answeredUSec / 1000).toTimeString().slice(0, 8)
  const asked = `${name} ${types.map(typeText).join('+')}`
  const isWide = columns >= 120
  const who = fit(clientText(client), isWide ? 30 : 16)
  const result = fit(isWide ? resultText(question) : shortResult(question), isWide ? 16 : 9)
  const text = `${at} ${who} ${fit(asked, isWide ? 48 : 22)} ${result} ${timeSpan(tookUSec).padStart(7)} ${isWide ? originText(question) : shortOrigin(question)}`
  if (isSelected) return [{ text: text.padEnd(columns), style: 'inverse' }]
  const isBad = question.state !== 'success' && question.state !== 'nodata' && question.rcode !== NXDOMAIN
  return isBad ? [{ text, style: 'red' }] : [{ text }]
}

function shortResult(question: ReportedQuestion): string {
  return question.state === 'attempts-max-reached' ? 'no answer' : resultText(question)
}

/** Source and link. */
function shortOrigin({ source, scope = '' }: ReportedQuestion): string {
  return `${source} ${/\((.+)\)$/.exec(scope)?.[1] ?? scope}`
}

const NXDOMAIN = 3

function fit(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width)
}

export function cut(line: Line, columns: number): Line {
  let room = columns
  return line.flatMap((piece): Piece[] => {
    if (room <= 0 || piece.text === '') return []
    const text = piece.text.trimEnd().length > room ? `${piece.text.slice(0, room - 1)}…` : piece.text.slice(0, room)
    room -= text.length
    return [{ ...piece, text }]
  })
}

function mean(values: readonly number[]): number {
  return values.length === 0
    ? 0
    : values.slice(-WINDOW).reduce((sum, value) => sum + value, 0) / Math.min(WINDOW, values.length)
}
