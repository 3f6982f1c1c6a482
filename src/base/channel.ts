/** The ways by which messages reach a server. A new one also gets its traits below and a transport in `transport/`. */
export const CHANNELS = ['udp', 'tcp', 'tls', 'https'] as const
export type Channel = (typeof CHANNELS)[number]

/** What the choice among servers and channels depends on. */
export interface ChannelTraits {
  /**
   * Messages travel on a connection. They have no size limit worth mentioning and are never truncated; silence blames
   * the connection, and says nothing of datagrams and their round trips.
   */
  readonly isStream: boolean
  /** Nobody on the way can read what is asked. */
  readonly isEncrypted: boolean
}

export const CHANNEL_TRAITS: Readonly<Record<Channel, ChannelTraits>> = {
  udp: { isStream: false, isEncrypted: false },
  tcp: { isStream: true, isEncrypted: false },
  tls: { isStream: true, isEncrypted: true },
  https: { isStream: true, isEncrypted: true },
}

export function isStream(channel: Channel): boolean {
  return CHANNEL_TRAITS[channel].isStream
}

export function isEncrypted(channel: Channel): boolean {
  return CHANNEL_TRAITS[channel].isEncrypted
}

/** A transport protocol as the kernel knows it: of sockets on this machine, whatever is spoken on them. */
export type IpProtocol = 'udp' | 'tcp'
