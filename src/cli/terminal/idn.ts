import { domainToASCII, domainToUnicode } from 'node:url'

/**
 * A name with its non-ASCII labels in their DNS form (`xn--…`). Other labels are left alone, and labels that have no
 * such form too: whoever checks the name will say so. Label by label, because the URL rules read `1.2` as an address.
 */
export function toAsciiName(name: string): string {
  return name
    .split('.')
    .map((label) => (/\P{ASCII}/u.test(label) ? domainToASCII(label) || label : label))
    .join('.')
}

/**
 * The other way, for people: labels in their DNS form as what they stand for. A label that would not lead back to itself,
 * or that mixes scripts to look like another, stays as it is.
 */
export function toUnicodeName(name: string): string {
  return name.replaceAll(/(?<=^|\.|~)xn--[a-z0-9-]+/gi, (label) => {
    const text = domainToUnicode(label)
    return domainToASCII(text) === label.toLowerCase() && isOfOneScript(text) ? text : label
  })
}

/** Latin, or one other script alone; a Cyrillic `а` among Latin letters is neither. */
function isOfOneScript(text: string): boolean {
  if (/^[\p{Script=Latin}\p{Nd}\p{M}-]+$/u.test(text)) return true
  return /\P{ASCII}/u.test(text) && !/\p{Script=Latin}/u.test(text) && /^[\p{L}\p{Nd}\p{M}-]+$/u.test(text)
}
