/** What a datagram carries, beside its ID, that comes back with the reply and that a forger has to guess. */
export interface Guards {
  /** The letters of the question are drawn. */
  readonly mixesCase: boolean
  readonly cookie: OwnCookie | undefined
}

/** Our cookie for a server, and the server's for us once it has given one (RFC 7873 §4). */
export interface OwnCookie {
  readonly client: Buffer
  readonly server: Buffer | undefined
}

export const NO_GUARDS: Guards = { mixesCase: false, cookie: undefined }
