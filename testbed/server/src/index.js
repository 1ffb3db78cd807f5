// The stand-in for itzg/minecraft-server: its outside around a small real game. Order matters; read from the top.
'use strict'
const { createInterface } = require('node:readline') // taken before game.js silences it for flying-squid
const { setTimeout: sleep } = require('node:timers/promises')
const faults = require('./faults')
const image = require('./image')
const knobs = require('./knobs')
const { CommandQueue } = require('./commands')
const { Game, GAME_VERSION } = require('./game')
const { Log, init } = require('./log')
const { prepare } = require('./properties')
const { RconServer } = require('./rcon')
const { World } = require('./world')

const DATA = '/data'
const asked = process.env.VERSION || 'LATEST'
const context = { knobs } // filled as the parts come up: log, properties, game, world, shutDown

let stopping = false
async function shutDown () {
  if (stopping) return
  stopping = true
  const { log, game, world } = context
  if (!world) process.exit(0)
  log.line('Stopping server')
  log.line('Saving players')
  game.disconnectAll()
  log.line('Saving worlds')
  log.line("Saving chunks for level 'ServerLevel[world]'/minecraft:overworld")
  await world.close(knobs.stopS)
  log.line('ThreadedAnvilChunkStorage (world): All chunks are saved')
  process.exit(0)
}

function onSignal () {
  if (knobs.ignoreSigterm || stopping) return
  context.log?.line('Stopping the server')
  shutDown()
}

function startFaults (log) {
  if (knobs.allocateMibPerS) faults.allocate(knobs.allocateMibPerS)
  if (knobs.floodLinesPerS) faults.flood(log, knobs.floodLinesPerS, knobs.floodLines)
}

async function startRcon (log, queue, properties) {
  if (properties['enable-rcon'] !== 'true') return
  const rcon = new RconServer({ log, queue, password: properties['rcon.password'], hang: knobs.rconHang })
  log.line('Starting remote control listener')
  await rcon.listen(Number(properties['rcon.port']))
  log.line('Thread RCON Listener started', 'RCON Listener #1')
  log.line(`RCON running on 0.0.0.0:${properties['rcon.port']}`)
}

function readConsole (log, queue) {
  const source = { name: 'Server', reply: (text) => log.line(text) }
  createInterface({ input: process.stdin }).on('line', (line) => line.trim() && queue.run(line, source))
}

async function prepareImage () {
  init(`Resolving type given ${process.env.TYPE || 'VANILLA'}; version asked for: ${asked}, served: ${GAME_VERSION}`)
  image.becomeUser(DATA)
  image.requireEula(DATA)
  context.properties = prepare(`${DATA}/server.properties`)
  image.writeSmallFiles(DATA, context.properties)
  if (knobs.crashAfterS) setTimeout(() => faults.crash(context.log, knobs.crashCode), knobs.crashAfterS * 1000)
  if (knobs.startDelayS) init(`Waiting ${knobs.startDelayS} s before the start`)
  await sleep(knobs.startDelayS * 1000)
  init(`Starting the Minecraft server, memory ${process.env.MAX_MEMORY || process.env.MEMORY || '1G'}`)
}

async function startGame () {
  const { properties } = context
  const started = Date.now()
  const log = context.log = new Log(`${DATA}/logs`)
  const level = properties['level-name']
  log.line(`Starting minecraft server version ${asked}`)
  log.line('Loading properties')
  log.line(`Default game type: ${properties.gamemode.toUpperCase()}`)
  log.line(`Starting Minecraft server on *:${properties['server-port']}`)
  log.line(`Preparing level "${level}"`)
  const game = context.game = new Game(log, properties)
  await game.start()
  const world = new World(`${DATA}/${level}`, level, knobs)
  await world.open()
  context.world = world
  log.line('Preparing start region for dimension minecraft:overworld')
  log.line(`Time elapsed: ${Date.now() - started} ms`)
  const queue = new CommandQueue(Object.assign(context, { shutDown }))
  log.line(`Done (${((Date.now() - started) / 1000).toFixed(3)}s)! For help, type "help"`)
  await startRcon(log, queue, properties)
  readConsole(log, queue)
  startFaults(log)
}

process.on('SIGTERM', onSignal)
process.on('SIGINT', onSignal)
process.on('unhandledRejection', (error) => context.log?.error(error?.stack ?? String(error)))
process.on('uncaughtException', (error) => {
  if (!context.world) throw error
  context.log.error(error.stack)
})

prepareImage().then(startGame).catch((error) => {
  process.stderr.write(`${error.stack}\n`)
  process.exit(1)
})
