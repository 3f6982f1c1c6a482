/** Where the clone, the Node binary and Debian's programs are seen from inside, readable by every user. */
export const inside = { repo: '/run/lab/repo', node: '/run/lab/node', debian: '/run/lab/debian' }
