/*
 * Stands for Node's `performance` in the programs: that loads eleven modules, for three hundredths of a start, and takes half as long
 * again to tell the time. Milliseconds since the program was loaded, of the same clock.
 */
const [originSeconds, originNanoseconds] = process.hrtime()

export const performance = {
  now(): number {
    const [seconds, nanoseconds] = process.hrtime()
    return (seconds - originSeconds) * 1e3 + (nanoseconds - originNanoseconds) / 1e6
  },
}
