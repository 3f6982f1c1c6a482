import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RootKeys, rootKeysFile, type RootKeysPorts } from '../../../src/app/root-keys.ts'
import {
  DEFAULT_RESOLVED_SETTINGS,
  type ResolvedSettings,
  type TrustAnchorRecord,
} from '../../../src/settings/index.ts'
import { nameOf, ROOT, TYPE } from '../../../src/wire/index.ts'
import { ChangingRoot } from '../../kit/changing-root.ts'

const OTHER: TrustAnchorRecord = { name: nameOf('corp.example'), type: TYPE.DS, rdata: Buffer.alloc(36, 1) }

/** Settings whose anchors are this root's and another zone's. */
function settingsOf(root: ChangingRoot): ResolvedSettings {
  const own = { name: ROOT, type: TYPE.DS, rdata: root.keys.old.ds(ROOT).rdata }
  return { ...DEFAULT_RESOLVED_SETTINGS, trustAnchors: [own, OTHER] }
}

function keysOf(root: ChangingRoot, more: Partial<RootKeysPorts> = {}): RootKeys {
  return new RootKeys({ ...root.ports, isValidating: () => true, onChange: () => undefined, ...more })
}

test('S-ROLL-1: the daemon followed no keys: what the root replaces is in force without a reload', async () => {
  const root = new ChangingRoot()
  let latest: readonly TrustAnchorRecord[] = []
  const keys = keysOf(root, { onChange: (anchors) => (latest = anchors) })
  const settings = settingsOf(root)
  expect(await keys.inForce(settings)).toEqual(settings)
  keys.noteScopes()
  root.present = [root.keys.old, root.keys.fresh]
  await root.days(33)
  const learnt = { name: ROOT, type: TYPE.DNSKEY, rdata: root.keys.fresh.dnskey(ROOT).rdata }
  expect(latest).toContainEqual(learnt)
  expect(latest.at(-1)).toEqual(OTHER)
  const { asked } = root
  expect((await keys.inForce(settings)).trustAnchors).toEqual(latest) // a reload
  keys.noteScopes()
  expect(root.asked).toBe(asked)
  keys[Symbol.dispose]()
  const next = keysOf(root)
  expect((await next.inForce(settings)).trustAnchors).toEqual(latest) // a restart
  next[Symbol.dispose]()
  expect(root.clock.pending).toBe(0)
})

test('S-ROLL-1: nobody is asked while nothing is validated', async () => {
  const root = new ChangingRoot()
  let isValidating = false
  const keys = keysOf(root, { isValidating: () => isValidating })
  await keys.inForce(settingsOf(root))
  keys.noteScopes()
  await root.days(2)
  expect([root.asked, root.clock.pending]).toEqual([0, 0])
  isValidating = true
  keys.noteScopes()
  await root.days(1)
  expect(root.asked).toBeGreaterThan(0)
  keys[Symbol.dispose]()
})

test('without a directory for the state file the anchors are those that are configured', async () => {
  const settings = settingsOf(new ChangingRoot())
  const keys = new RootKeys(undefined)
  expect(await keys.inForce(settings)).toEqual(settings)
  keys.noteScopes()
})

test('the state file is written in one step, and read again', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'root-keys-'))
  try {
    const { read, write } = rootKeysFile(directory)
    expect(await read()).toBeUndefined()
    await write('one')
    await write('two')
    expect([await read(), await readdir(directory)]).toEqual(['two', ['root-keys.json']])
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
