import { describe, expect, it } from 'vitest'
import { describeLinks } from '../../../src/cli/diagnose/daemon-facts.ts'
import type { VarlinkClient } from '../../../src/cli/client/varlink-client.ts'
import { harmless } from '../../../src/cli/terminal/screen.ts'
import { shellWord } from '../../../src/cli/terminal/shell-word.ts'

describe('what others choose, on a terminal', () => {
  it.each([
    ['plain text, ünïcode 日本', undefined],
    ['\u001B[1mbold of ours\u001B[0m\nnext\tline', undefined],
    ['link \u001B[2J', 'link ?[2J'],
    ['link \u001B]0;title\u0007', 'link ?]0;title?'],
    ['\u009B2J and \r back', '?2J and ? back'],
    ['\u001B[5mblink', '?[5mblink'],
    ['\u202Emoc.elpmaxe', '?moc.elpmaxe'],
  ])('%j', (text, shown = text) => {
    expect(harmless(text)).toBe(shown)
  })

  it('every control character of Unicode, and nothing else is changed', () => {
    const strange = /[\p{Cc}\p{Bidi_Control}]/u
    const characters = Array.from({ length: 0x1_0000 }, (_, code) => String.fromCodePoint(code))
    const wrong = characters.filter((text) => {
      const isShown = !strange.test(text) || text === '\n' || text === '\t'
      return harmless(text) !== (isShown ? text : '?')
    })
    expect(wrong).toEqual([])
  })
})

describe('a link’s name in a repair that is pasted into a shell', () => {
  it.each([
    ['eth0.100@if2', 'eth0.100@if2'],
    ['a;reboot', "'a;reboot'"],
    ["it's", "'it'\\''s'"],
    ['$(id)', "'$(id)'"],
    ['', "''"],
  ])('%j stands as %s', (name, word) => {
    expect(shellWord(name)).toBe(word)
  })

  it('comes so from where doctor and why learn of links', async () => {
    const varlink = { call: () => Promise.resolve({ links: [{ name: 'a;reboot' }, { name: 'eth0' }] }) }
    const links = await describeLinks(varlink as unknown as VarlinkClient)
    expect(links.map(({ name }) => name)).toEqual(["'a;reboot'", 'eth0'])
  })
})
