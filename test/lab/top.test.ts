import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'
import { inside } from './kit/world.ts'

const lan = { zone: { 'www.test': 'A 192.0.2.1' } }
const vpn = { zone: { 'www.corp.test': 'A 192.0.2.2' }, domains: ['~corp.test'] }

/** A real terminal of this size in which `tsresolvectl top` runs from a shell. */
async function openTerminal(lab: Lab, columns: number, rows: number, locale = 'C.UTF-8') {
  const tmux = (...words: readonly string[]) => lab.run(['tmux', '-L', 'top', ...words])
  await tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), `env PS1=READY_ LC_ALL=${locale} sh -i`)
  const keys = (...words: readonly string[]) => tmux('send-keys', ...words)
  const shown = async () => (await tmux('capture-pane', '-p')).replace(/\n+$/, '').split('\n')
  const start = async () => {
    await keys(`sh -c 'echo $$ >/tmp/pid; exec ${inside.node} ${inside.repo}/dist/cli/main.js top'`, 'Enter')
    await eventually(async () => expect((await shown()).join('\n')).toContain('q quit'))
  }
  await start()
  const close = () => tmux('kill-session')
  return {
    keys,
    shown,
    start,
    close,
    resize: (x: number, y: number) => tmux('resize-window', '-x', String(x), '-y', String(y)),
  }
}

test.skipIf(original)('top: links with their lights, questions, keys, and a clean way out', async () => {
  await using lab = await Lab.open({ links: { lan, vpn } })
  const { keys, shown, resize } = await openTerminal(lab, 80, 24)
  for (const name of ['www.test', 'www.test', 'www.corp.test', 'none.test']) await lab.dig(name)
  await eventually(async () => {
    const lines = await shown()
    expect(lines).toHaveLength(24)
    expect(lines[0]).toMatch(/^tsresolved {2}\d\d:\d\d:\d\d {2}[\d.]+ questions\/s/)
    expect(lines[1]).toMatch(/^ {2}link {8}u c a r s o/)
    expect(lines.join('\n')).toMatch(/^ {2}lan {9}● ● ● ● ● ● .*10\.53\.1\.1$/m)
    expect(lines.join('\n')).toMatch(/none\.test A +NXDOMAIN/)
    expect(lines.join('\n')).toMatch(/www\.corp\.test A +1 record .* network vpn/)
  })

  await keys('Right', 'Right')
  await eventually(async () => expect((await shown()).join('\n')).toMatch(/Questions of link \d+ \((?:lan|vpn)\)/))
  await keys('Left', 'Left', 'Space')
  await eventually(async () => expect((await shown())[0]).toContain('PAUSED'))
  await keys('Space', 'Down', 'w')
  await eventually(async () => expect((await shown()).join('\n')).toContain('Sources, in order'))
  await keys('x', 'h')
  await eventually(async () => expect((await shown()).join('\n')).toContain('states of each link'))
  await keys('x', 'f')
  await eventually(async () => expect((await shown()).at(-1)).toContain('Flushed all caches.'))

  await resize(200, 60)
  await eventually(async () => {
    const lines = await shown()
    expect(lines).toHaveLength(60)
    expect(lines[1]?.length).toBeGreaterThan(110)
  })
  await lab.ip('link set vpn down')
  await eventually(async () => expect((await shown()).join('\n')).toMatch(/^ {2}vpn {9}○ {2}○ /m))

  await keys('q')
  await eventually(async () => expect((await shown()).at(-1)).toMatch(/READY_ *$/))
  expect((await shown()).join('\n')).not.toContain('q quit')
})

test.skipIf(original)('top: in the locale C, no sign is beyond ASCII', async () => {
  await using lab = await Lab.open({ links: { lan, vpn } })
  const { shown, resize } = await openTerminal(lab, 80, 24, 'C')
  for (const name of ['www.test', `${'long.'.repeat(10)}test`]) await lab.dig(name)
  await eventually(async () => {
    const text = (await shown()).join('\n')
    expect(text).toMatch(/^ {2}lan {9}\* \* \* \* \* \* .*<\d.* [1-8] .*10\.53\.1\.1$/m)
    expect(text).toMatch(/long\.long\.long\.long\.l~ /)
  })
  await resize(30, 10)
  await eventually(async () => expect(await shown()).toHaveLength(10))
  expect((await shown()).join('\n')).toMatch(/^[ -~\n]+$/)
})

test.skipIf(original)('top: a daemon that leaves is waited for; after a signal the terminal is as it was', async () => {
  await using lab = await Lab.open({ links: { lan } })
  const { keys, shown, start } = await openTerminal(lab, 80, 24)
  for (const signal of ['TERM', 'INT', 'HUP']) {
    if (signal !== 'TERM') await start()
    await lab.run(['sh', '-c', `kill -${signal} $(cat /tmp/pid)`])
    await eventually(async () => expect((await shown()).at(-1)).toMatch(/READY_ *$/))
    await keys('clear; stty -a | grep -c " icanon"', 'Enter')
    await eventually(async () => expect(await shown()).toEqual(['1', expect.stringMatching(/^READY_ *$/)]))
  }
  await start()
  const wholeScreen = async () => (await shown()).join('\n')
  const title = (await shown())[0]?.slice(0, 12) as string
  await lab.daemon.stop()
  await eventually(async () => expect(await wholeScreen()).toContain('Failed to connect to'))
  await lab.daemon.start()
  await eventually(async () => expect(await wholeScreen()).not.toContain('Failed to connect to'))
  expect(await wholeScreen()).toContain(title)
  await keys('q')
  await eventually(async () => expect((await shown()).at(-1)).toMatch(/READY_ *$/))
})

test.skipIf(original)('top: Control-Z gives the terminal back to the shell, and fg draws it anew', async () => {
  await using lab = await Lab.open({ links: { lan } })
  const { keys, shown } = await openTerminal(lab, 80, 24)
  const wholeScreen = async () => (await shown()).join('\n')
  await keys('C-z')
  await eventually(async () => expect(await wholeScreen()).toMatch(/READY_ *$/))
  expect(await lab.run(['sh', '-c', 'grep State "/proc/$(cat /tmp/pid)/status"'])).toContain('T (stopped)')
  await keys('clear; stty -a | grep -c " icanon"', 'Enter')
  await eventually(async () => expect(await shown()).toEqual(['1', expect.stringMatching(/^READY_ *$/)]))
  await keys('fg', 'Enter')
  await eventually(async () => expect(await wholeScreen()).toContain('q quit'))
  await keys('q')
  await eventually(async () => expect((await shown()).at(-1)).toMatch(/READY_ *$/))
})

test.skipIf(original)('top: a terminal that cannot move the cursor is told so', async () => {
  await using lab = await Lab.open({ links: { lan } })
  const command = `${inside.node} ${inside.repo}/dist/cli/main.js top`
  const { code, stdout } = await lab.tryRun(['env', 'TERM=dumb', 'script', '-qec', command, '/dev/null'])
  expect([code, stdout.trim()]).toEqual([1, expect.stringMatching(/^top moves the cursor, which this terminal cannot/)])
})

test.skipIf(original)('top: a terminal that goes away takes it along', async () => {
  await using lab = await Lab.open({ links: { lan } })
  const { close } = await openTerminal(lab, 80, 24)
  await close()
  // What has ended has no command line left, whether or not anybody has waited for it.
  const commandLine = ['sh', '-c', 'cat "/proc/$(cat /tmp/pid)/cmdline"']
  await eventually(async () => expect((await lab.tryRun(commandLine)).stdout).toBe(''))
})
