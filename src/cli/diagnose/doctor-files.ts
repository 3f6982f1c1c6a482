import { readdirSync } from 'node:fs'
import type { Facts } from './doctor-findings.ts'

const CONFIG_ROOTS = ['/etc/systemd', '/run/systemd', '/usr/local/lib/systemd', '/usr/lib/systemd']

/** Files in which servers may be named, in no order. */
export function serverFiles(): string[] {
  const roots = CONFIG_ROOTS
  const delegates = roots.flatMap((root) => filesIn(`${root}/dns-delegate.d`))
  const dropIns = [
    ...roots.map((root) => `${root}/resolved.conf.d`),
    ...delegates.filter((path) => path.endsWith('.d')),
  ]
  return [
    ...roots.map((root) => `${root}/resolved.conf`),
    ...dropIns.flatMap(filesIn),
    ...delegates.filter((path) => path.endsWith('.dns-delegate')),
    '/etc/resolv.conf',
  ]
}

/** In folders of which the daemon reads files of one ending; what editors and packages leave there is nobody's slip. */
export function misnamedFiles(): Facts['misnamed'] {
  const folders = CONFIG_ROOTS.flatMap((root) => [
    { folder: `${root}/dns-delegate.d`, ending: '.dns-delegate' },
    { folder: `${root}/resolved.conf.d`, ending: '.conf' },
  ])
  return folders.flatMap(({ folder, ending }) =>
    filesIn(folder)
      .filter(
        (file) => !file.endsWith(ending) && /\/[^./][^/]*\.(?:conf|dns-delegate|delegate|network|txt|ini)$/.test(file),
      )
      .map((file) => ({ file, ending })),
  )
}

/** Full paths; none where the directory cannot be read. */
export function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory).map((name) => `${directory}/${name}`)
  } catch {
    return []
  }
}
