/** Fifty labels in a zone of NSEC3 with many iterations. */
export const DEEP = `${'a.'.repeat(48)}deep.zz`
