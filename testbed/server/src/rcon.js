// RCON as the game serves it, its rough edges included: a packet must arrive in one read of at most 1,460 bytes and
// alone, or the connection is closed; nothing is read while a command runs; answers go out in pieces of 4,096.
'use strict'
const net = require('node:net')

const READ = 1460
const PIECE = 4096
const TYPE = { answer: 0, command: 2, login: 3 }

const packet = (id, type, text) => {
  const body = Buffer.from(text)
  const bytes = Buffer.alloc(14 + body.length)
  bytes.writeInt32LE(10 + body.length, 0)
  bytes.writeInt32LE(id, 4)
  bytes.writeInt32LE(type, 8)
  body.copy(bytes, 12)
  return bytes
}

class RconClient {
  constructor (server, socket, number) {
    Object.assign(this, { server, socket, authorised: false })
    this.address = socket.remoteAddress.replace('::ffff:', '')
    this.thread = `RCON Client /${this.address} #${number}`
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('data', (bytes) => this.read(bytes))
    socket.on('close', () => this.server.log.line(`Thread RCON Client /${this.address} shutting down`, this.thread))
  }

  async read (bytes) {
    if (this.server.hang === 'login') return
    if (bytes.length > READ || bytes.length < 10 || bytes.readInt32LE(0) !== bytes.length - 4) return this.socket.destroy()
    this.socket.pause()
    await this.handle(bytes.readInt32LE(4), bytes.readInt32LE(8), bytes.subarray(12, -2).toString())
    this.socket.resume()
  }

  async handle (id, type, text) {
    if (type === TYPE.login) {
      this.authorised = text === this.server.password
      this.send(this.authorised ? id : -1, TYPE.command, '')
    } else if (type !== TYPE.command) {
      this.answer(id, `Unknown request ${type.toString(16)}`)
    } else if (!this.authorised) {
      this.send(-1, TYPE.command, '')
    } else if (this.server.hang !== 'command') {
      this.answer(id, await this.run(text))
    }
  }

  // Several messages of one command are joined without anything between, as the game does it.
  async run (line) {
    const said = []
    await this.server.queue.run(line, { name: 'Rcon', reply: (text) => said.push(text) })
    return said.join('')
  }

  answer (id, text) {
    do {
      this.send(id, TYPE.answer, text.slice(0, PIECE))
      text = text.slice(PIECE)
    } while (text)
  }

  send (id, type, text) {
    if (this.socket.writable) this.socket.write(packet(id, type, text))
  }
}

class RconServer {
  constructor ({ log, queue, password, hang }) {
    Object.assign(this, { log, queue, password, hang, clients: 0 })
    this.listener = net.createServer((socket) => {
      this.log.line(`Thread RCON Client /${socket.remoteAddress.replace('::ffff:', '')} started`, 'RCON Listener #1')
      return new RconClient(this, socket, ++this.clients + 1)
    })
  }

  listen (port) {
    return new Promise((resolve, reject) => {
      this.listener.once('error', reject)
      this.listener.listen(port, '0.0.0.0', resolve)
    })
  }
}

module.exports = { RconServer }
