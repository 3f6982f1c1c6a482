/** `ask SOCKET-DIRECTORY`: a call that stops the program until it is answered. `print`: 300,000 lines, by a pipe that never waits. */
import { VarlinkClient } from '../../../src/cli/client/varlink-client.ts'
import { ProcessScreen } from '../../../src/cli/terminal/screen.ts'
import { Libc } from '../../../src/sys/index.ts'
import { RESOLVE_INTERFACE } from '../../../src/varlink-idl/index.ts'

const F_SETFL = 4
const O_NONBLOCK = 0o4000
const libc = Libc.load()
const [what, directory = ''] = process.argv.slice(2)
const screen = new ProcessScreen(process.env['WITHOUT_LIBC'] === undefined ? libc : undefined)

if (what === 'ask') {
  const client = new VarlinkClient(directory, libc)
  const { name } = await client
    .callAlone(RESOLVE_INTERFACE, 'ResolveAddress', { family: 2, address: [192, 0, 2, 1] })
    .then(
      ({ names }) => names[0] ?? { name: 'none' },
      (error: Error) => ({ name: error.message }),
    )
  screen.print(name)
} else if (what === 'print') {
  libc?.call('fcntl', 1, F_SETFL, O_NONBLOCK)
  for (let line = 0; line < 300_000; line++) screen.print(String(line))
} else {
  screen.print(`${screen.isTerminal} ${screen.columns}`)
}
