import { domainToASCII } from 'node:url'

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
