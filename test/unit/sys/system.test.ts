import { execFile, execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { IpAddress, Logger } from '../../../src/base/index.ts'
import { Libc, Notifier, SystemClock, SystemRandom } from '../../../src/sys/index.ts'
import { decodeSockaddr, encodeSockaddr, encodeUnixSockaddr } from '../../../src/sys/sockaddr.ts'

const lines: string[] = []
const log = new Logger('debug', (_level, line) => lines.push(line))
const libc = Libc.load(log)

describe('Libc', () => {
  test('loads here, and failing calls say which and why', () => {
    expect(libc).toBeDefined()
    expect(() => libc?.call('close', -1)).toThrow('close: EBADF')
  })
})

describe('socket addresses', () => {
  test.each([
    ['192.0.2.1', 53, 0],
    ['fe80::1', 5353, 7],
    ['2001:db8::1', 65_535, 0],
  ])('%s port %d', (text, port, scopeId) => {
    const address = IpAddress.parse(text) as IpAddress
    expect(decodeSockaddr(encodeSockaddr({ address, port, scopeId }))).toEqual({ address, port, scopeId })
  })
  test('of other families, or cut short, are none', () => {
    expect(decodeSockaddr(Buffer.alloc(28))).toBeUndefined()
    expect(
      decodeSockaddr(
        encodeSockaddr({ address: IpAddress.parse('::1') as IpAddress, port: 1, scopeId: 0 }).subarray(0, 20),
      ),
    ).toBeUndefined()
  })
  test.each([
    ['/run/notify', '\x01\0/run/notify\0'],
    ['@abstract', '\x01\0\0abstract'],
    ['relative', undefined],
    ['', undefined],
    [`/${'x'.repeat(107)}`, undefined],
    ['/with\0nul', undefined],
  ])('unix %j', (path, expected) => {
    expect(encodeUnixSockaddr(path)?.toString('latin1')).toBe(expected)
  })
})

describe.each([
  ['by CLOCK_BOOTTIME', libc],
  ['by /proc/uptime', undefined],
])('SystemClock %s', (_name, source) => {
  test('goes forward with real time and never back', () => {
    const clock = new SystemClock(source)
    let last = clock.now()
    const offset = offsetOf(clock)
    const until = performance.now() + 60
    while (performance.now() < until) {
      const now = clock.now()
      expect(now).toBeGreaterThanOrEqual(last)
      expect(now - performance.now() - offset).toBeLessThan(50) // hundredths of a second, where nothing is finer
      last = now
    }
  })
})

/** The largest of some, as we may be kept waiting between one reading and the other. */
function offsetOf(clock: SystemClock): number {
  return Math.max(...Array.from({ length: 20 }, () => clock.now() - performance.now()))
}

test('SystemClock takes being kept from running for no sleep', () => {
  let isHeldUp = false
  const clockGettime = (_clock: number, timespec: BigInt64Array) => {
    const now = performance.now()
    const waits = now + (isHeldUp ? 100 : 0)
    while (performance.now() < waits);
    const read = performance.now()
    timespec[0] = BigInt(Math.floor(read / 1000))
    timespec[1] = BigInt(Math.floor((read % 1000) * 1e6))
    return 0
  }
  const busy = { koffi: { sizeof: () => 8 }, function: () => clockGettime } as unknown as Libc
  const clock = new SystemClock(busy)
  const offset = offsetOf(clock)
  isHeldUp = true
  const checked = performance.now() + 11
  while (performance.now() < checked);
  clock.now()
  isHeldUp = false
  const now = clock.now()
  expect(now - performance.now() - offset).toBeLessThan(50)
})

test('SystemClock counts time in suspend, and reports it once', async () => {
  let suspended = 0
  const clockGettime = (_clock: number, timespec: BigInt64Array) => {
    const now = performance.now() + suspended
    timespec[0] = BigInt(Math.floor(now / 1000))
    timespec[1] = BigInt(Math.floor((now % 1000) * 1e6))
    return 0
  }
  const sleepy = { koffi: { sizeof: () => 8 }, function: () => clockGettime } as unknown as Libc
  const clock = new SystemClock(sleepy)
  let told = 0
  clock.onResume = () => told++
  const before = clock.now()
  suspended = 3_600_000
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(clock.now() - before).toBeGreaterThanOrEqual(3_600_000)
  expect(told).toBe(0)
  await Promise.resolve()
  clock.now()
  expect(told).toBe(1)
})

describe('SystemClock timers', () => {
  test('what came while nobody looked is heard before the time is up', async () => {
    const clock = new SystemClock(undefined)
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const heard: string[] = []
    socket.on('message', () => heard.push('answer'))
    await new Promise((resolve) => setImmediate(resolve)) // what Node looks at next is its timers
    const isOver = new Promise<void>((resolve) => {
      clock.after(5, () => {
        heard.push('time')
        resolve()
      })
    })
    const late = performance.now() + 10
    const send = `require('node:dgram').createSocket('udp4').send('', ${socket.address().port}, '127.0.0.1', () => process.exit())`
    execFileSync(process.execPath, ['-e', send])
    while (performance.now() < late);
    await isOver
    expect(heard).toEqual(['answer', 'time'])
    socket.close()
  })

  test('call once, not early, and over long delays, in steps', () => {
    vi.useFakeTimers()
    const clock = new SystemClock(undefined)
    const called: string[] = []
    clock.after(100, () => called.push('short'))
    clock.after(2 * 86_400_000, () => called.push('long'))
    const dropped = clock.after(50, () => called.push('dropped'))
    dropped[Symbol.dispose]()
    dropped[Symbol.dispose]()
    vi.advanceTimersByTime(99)
    expect(called).toEqual([])
    vi.advanceTimersByTime(2)
    expect(called).toEqual(['short'])
    const late = clock.after(3_600_000, () => called.push('dropped late'))
    vi.advanceTimersByTime(1_800_000)
    late[Symbol.dispose]()
    vi.advanceTimersByTime(86_400_000)
    expect(called).toEqual(['short'])
    vi.advanceTimersByTime(86_400_001)
    expect(called).toEqual(['short', 'long'])
    vi.useRealTimers()
  })
})

describe('SystemRandom', () => {
  test.each([
    ['by the kernel', libc],
    ['by Node', undefined],
  ])('%s: stays below the bound and reaches all of it evenly', (_by, source) => {
    const random = new SystemRandom(source)
    const counts = Array.from({ length: 10 }, () => 0)
    for (let i = 0; i < 20_000; i++) {
      const drawn = random.below(10)
      counts[drawn] = (counts[drawn] ?? Number.NaN) + 1
    }
    expect(counts.length).toBe(10)
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(300)
    expect(random.below(1)).toBe(0)
    expect(new Set(Array.from({ length: 5000 }, () => random.below(65_536))).size).toBeGreaterThan(4700)
  })
  test.each([0, 65_537, Number.NaN])('refuses the bound %d', (bound) => {
    expect(() => new SystemRandom().below(bound)).toThrow(RangeError)
  })
})

describe('Notifier', () => {
  const listen = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1].replace('@', '\\0', 1) if sys.argv[1][0] == '@' else sys.argv[1])
print('ready', flush=True); s.settimeout(5); print(s.recv(1000).decode(), flush=True)`

  async function received(socket: string, ...text: string[]): Promise<string> {
    const child = execFile('python3', ['-c', listen, socket])
    const chunks: string[] = []
    const ended = new Promise((resolve) => child.once('close', resolve))
    const ready = new Promise<void>((resolve, reject) => {
      child.stdout?.on('data', (chunk: string) => {
        chunks.push(chunk)
        resolve()
      })
      child.once('close', () => reject(new Error('the listener did not start')))
    })
    await ready
    expect(new Notifier(libc, socket, log).notify(...text)).toBe(true)
    await ended
    return chunks.join('')
  }

  test('R-PROC-2: reaches a socket in the file system', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'notify-'))
    try {
      expect(await received(join(folder, 'socket'), 'READY=1', 'STATUS=fine')).toBe('ready\nREADY=1\nSTATUS=fine\n')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
  test('R-PROC-2: reaches an abstract socket', async () => {
    expect(await received(`@tsresolved-test-${process.pid}`, 'STOPPING=1')).toBe('ready\nSTOPPING=1\n')
  })
  test('nobody to tell, or nobody there, is no reason to stop', () => {
    expect(new Notifier(libc, undefined, log).notify('READY=1')).toBe(false)
    expect(new Notifier(libc, '', log).notify('READY=1')).toBe(false)
    lines.length = 0
    expect(new Notifier(libc, '/nonexistent/notify', log).notify('READY=1')).toBe(false)
    expect(new Notifier(libc, 'vsock:2:3', log).notify('READY=1')).toBe(false)
    expect(lines).toEqual([
      'Cannot notify the service manager: sendto: ENOENT',
      'NOTIFY_SOCKET=vsock:2:3 is no socket we can reach',
    ])
  })
})
