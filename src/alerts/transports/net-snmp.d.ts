/** What is used of net-snmp, which has no types of its own. */
declare module 'net-snmp' {
  import type { EventEmitter } from 'node:events'

  export interface Varbind {
    oid: string
    type: number
    value: string | number | Buffer
  }
  export interface User {
    name: string
    level: number
    authProtocol?: string
    authKey?: string
    privProtocol?: string
    privKey?: string
  }
  export interface SessionOptions {
    port?: number
    trapPort?: number
    retries?: number
    timeout?: number
    transport?: 'udp4' | 'udp6'
    version?: number
    engineID?: string
    idBitsSize?: 16 | 32
  }
  interface Request {
    message: {
      msgSecurityParameters?: { msgAuthoritativeEngineBoots: number; msgAuthoritativeEngineTime: number }
    }
  }
  export interface Session extends EventEmitter {
    trap(oid: string, varbinds: Varbind[], callback: (error: Error | null) => void): void
    inform(oid: string, varbinds: Varbind[], callback: (error: Error | null) => void): void
    send(request: Request, noWait?: boolean): void
    close(): void
  }
  const snmp: {
    Version2c: number
    Version3: number
    SecurityLevel: { noAuthNoPriv: number; authNoPriv: number; authPriv: number }
    AuthProtocols: Record<string, string>
    PrivProtocols: Record<string, string>
    ObjectType: { OctetString: number; Integer: number; Gauge: number }
    createSession(host: string, community: string, options: SessionOptions): Session
    createV3Session(host: string, user: User, options: SessionOptions): Session
  }
  export default snmp
}
