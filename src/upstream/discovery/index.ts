/**
 * Discovery of designated resolvers (RFC 9462): which encrypted channels a server that was configured for plaintext has.
 * Replies and the time come in; questions to ask, and channels to be verified, go out. Only verified discovery is done:
 * a certificate that does not hold the server's address proves nothing against somebody on the way (§4.3), and who wants
 * encryption without proof has `DNSOverTLS=opportunistic`.
 */
export type { DesignatedChannel, Designator } from './designations.ts'
export { Discovery, type DiscoveryState, rejectionText } from './discovery.ts'
