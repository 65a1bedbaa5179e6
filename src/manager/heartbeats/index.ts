export { createReceiver, type HeartbeatReply, type Receiver, type ReceiverOptions } from './receiver.js'
export { type HostState, loadRuntime, type ProcessState, type Runtime } from './runtime.js'
export { createTokens, type TokenHolder, type Tokens } from './tokens.js'
export { createWriteBehind, type WriteBehind } from './write-behind.js'
