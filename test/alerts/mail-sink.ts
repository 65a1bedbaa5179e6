import { SMTPServer } from 'smtp-server'

/** A real SMTP server that takes every message: its text, unfolded, is added to `mails`. Its port on loopback. */
export async function mailSink(mails: string[], cleanups: (() => unknown)[]): Promise<number> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData(stream, _, callback) {
      let text = ''
      stream.on('data', (chunk) => (text += chunk))
      stream.on('end', () => {
        mails.push(text.replaceAll('=\r\n', ''))
        callback()
      })
    },
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()))
  cleanups.push(() => new Promise<void>((done) => server.close(() => done())))
  return (server.server.address() as { port: number }).port
}
