import type { Scene } from './scene.ts'

export const ZONE = 'bench.test'
/** Not below `test`, where nobody validates. */
export const SIGNED_ZONE = 'bench.zz'
/** Answers nobody asked for before, ever. */
let fresh = 0

/** A file that asks for n0..n<count-1> of a zone. */
export async function knownNames(scene: Scene, count: number, zone = ZONE): Promise<string> {
  const path = `/run/lab/known-${count}-${zone}`
  await awk(scene, `BEGIN { for (i = 0; i < ${count}; i++) print "n" i ".${zone} A" }`, path)
  return path
}

/** A file that asks for n<from>.. of the signed zone, `count` names. */
export async function numberedNames(scene: Scene, from: number, count: number): Promise<string> {
  const path = `/run/lab/numbered-${from}`
  await awk(scene, `BEGIN { for (i = ${from}; i < ${from + count}; i++) print "n" i ".${SIGNED_ZONE} A" }`, path)
  return path
}

/** A file of names that nobody has asked for. */
export async function newNames(scene: Scene, count: number): Promise<string> {
  const path = '/run/lab/new-names'
  await awk(scene, `BEGIN { for (i = 0; i < ${count}; i++) print "m" i ".r${fresh++}.${ZONE} A" }`, path)
  return path
}

/** A file in which every tenth name is new, the others are among `known` names. */
export async function mixedNames(scene: Scene, count: number, known: number): Promise<string> {
  const path = '/run/lab/mixed-names'
  const line = `i % 10 == 9 ? "m" i ".r${fresh++}" : "n" int(rand() * ${known})`
  await awk(scene, `BEGIN { for (i = 0; i < ${count}; i++) print (${line}) ".${ZONE} A" }`, path)
  return path
}

async function awk(scene: Scene, program: string, path: string): Promise<void> {
  await scene.world.run(['sh', '-c', 'awk "$1" >"$2"', 'sh', program, path])
}
