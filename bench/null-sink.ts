/** A server that reads and forgets: what the load generator reaches against it is its own ceiling. A process of its own. */
import { createServer } from 'node:http'

const server = createServer((incoming, outgoing) => {
  incoming.resume()
  incoming.on('end', () => outgoing.writeHead(204).end())
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address && typeof address === 'object') console.log(`http://127.0.0.1:${address.port}`)
})
process.stdin.on('end', () => process.exit())
process.stdin.resume()
