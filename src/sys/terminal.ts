import { isatty } from 'node:tty'
import type { Libc } from './libc.ts'

/** Numbers of ioctl() on x86 and ARM. */
const TIOCGWINSZ = 0x5413
/** struct winsize: rows, columns, and two that nobody sets; 16 bits each. */
const WINSIZE = 8

/** Whether somebody sits at the other end of a descriptor. Without the C library Node tells, and loads its sockets for it. */
export function isTerminal(libc: Libc | undefined, fd: number): boolean {
  return libc === undefined ? isatty(fd) : libc.function('isatty')(fd) === 1
}

/** Of the terminal; undefined for what is none or has no width, as on a serial line. */
export function terminalColumns(libc: Libc, fd: number): number | undefined {
  const size = new Uint16Array(WINSIZE / 2)
  const isKnown = libc.function('ioctl')(fd, TIOCGWINSZ, size) === 0
  return isKnown ? size[1] || undefined : undefined
}
