// The game itself: flying-squid, with its own ideas about logs, stdin and signals taken away.
'use strict'
const readline = require('node:readline')

const GAME_VERSION = '1.16.1'

// Its log plugin opens stdin and prompts on stdout while the server is made; its network part talks to the console.
const silence = () => {
  readline.createInterface = () => ({ setPrompt () {}, prompt () {}, on () {} })
  readline.cursorTo = () => {}
  console.log = () => {}
}

// Its exit hook ends the process on SIGTERM before the world is saved; ours are in place already.
const keepSignals = () => {
  const once = process.once
  process.once = (event, ...rest) => (['exit', 'SIGINT', 'SIGTERM'].includes(event) ? process : once.call(process, event, ...rest))
}

class Game {
  constructor (log, properties) {
    this.log = log
    this.properties = properties
    this.maxPlayers = Number(properties['max-players']) || 20
  }

  async start () {
    keepSignals()
    silence()
    this.serv = require('flying-squid').createMCServer({
      version: GAME_VERSION,
      host: '0.0.0.0',
      port: Number(this.properties['server-port']),
      motd: this.properties.motd,
      'max-players': this.maxPlayers,
      'online-mode': false, // nobody to ask on a machine without the internet
      gameMode: 1,
      difficulty: 1,
      generation: { name: 'superflat', options: {} },
      kickTimeout: 30000,
      plugins: {},
      modpe: false,
      'view-distance': 2,
      'player-list-text': { header: { text: '' }, footer: { text: '' } },
      'everybody-op': false,
      'max-entities': 100,
      logging: false,
      noConsoleOutput: true
    })
    this.serv.on('newPlayer', (player) => this.follow(player))
    await this.ready()
    // Replaced only now: its log plugin sets them while it loads.
    for (const name of ['log', 'info', 'warn', 'err']) this.serv[name] = () => {}
    this.serv.on('error', (error) => this.log.error(error.message))
  }

  ready () {
    return new Promise((resolve, reject) => {
      this.serv.once('ready', resolve)
      this.serv._server.once('error', reject)
    })
  }

  // The player's name is not known yet at "newPlayer".
  follow (player) {
    player.on('connected', () => {
      const address = player._client.socket?.remoteAddress?.replace('::ffff:', '')
      const { x, y, z } = player.position
      this.log.line(`UUID of player ${player.username} is ${player.uuid}`, 'User Authenticator #1')
      this.log.line(`${player.username}[/${address}:${player._client.socket?.remotePort}] logged in with entity id ` +
        `${player.id} at (${x}, ${y}, ${z})`)
      this.log.line(`${player.username} joined the game`)
    })
    player.on('chat', ({ message }) => this.log.line(`<${player.username}> ${message}`))
    player.on('disconnected', () => {
      if (!player.username) return
      this.log.line(`${player.username} lost connection: ${player.kickedFor ?? 'Disconnected'}`)
      this.log.line(`${player.username} left the game`)
    })
  }

  playerNames () {
    return this.serv.players.map((player) => player.username).filter(Boolean)
  }

  // As an object, or flying-squid reads & as the start of a colour.
  broadcast (text) {
    this.serv.broadcast({ text }, { system: true })
  }

  kick (name, reason) {
    const player = this.serv.players.find((one) => one.username?.toLowerCase() === name.toLowerCase())
    if (!player) return undefined
    player.kickedFor = reason
    player.kick(reason)
    return player.username
  }

  // Whatever else flying-squid knows. Its commands answer through serv.info and serv.err, so these are swapped
  // while one runs; commands come one after the other.
  async other (line) {
    const said = []
    const catcher = (text) => said.push(String(text).replace(/\u001b\[[0-9;]*m/g, ''))
    Object.assign(this.serv, { info: catcher, err: catcher })
    try {
      const answer = await this.serv.commands.use(line)
      if (answer) said.push(String(answer))
      return said
    } catch (error) {
      if (!error.userError || error.message === 'Command not found') return undefined
      return [error.message]
    } finally {
      Object.assign(this.serv, { info: () => {}, err: () => {} })
    }
  }

  disconnectAll () {
    for (const player of [...this.serv.players]) {
      player.kickedFor = 'Server closed'
      player.kick('Server closed')
    }
  }
}

module.exports = { Game, GAME_VERSION }
