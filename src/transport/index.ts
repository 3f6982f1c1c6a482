/**
 * Carries messages to servers: one file per channel, behind the one method of `Transport`. `ChannelTransports` holds the
 * table of channels. A message comes in complete, with its endpoint, channel and patience; out comes the reply that its
 * `isAnsweredBy` accepts, or a `TransportError`. Nothing here retries, judges an answer or knows which servers exist:
 * that is `upstream/`, which declares the interface. Sockets are opened by `sys/`.
 *
 * A new channel is a name and traits in `base/channel.ts`, a file here with a `ChannelTransport` (for one that keeps
 * connections, a `Connection` for `ConnectionTransport`), and a line in the table of `channel-transports.ts`.
 */
export { ChannelTransports } from './channel-transports.ts'
export type { ChannelContext, ChannelTransport } from './channel-transport.ts'
export type { RootBundle } from './root-certificates.ts'
