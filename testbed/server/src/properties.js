// server.properties: what the environment names wins, what a user changed in the file stays.
'use strict'
const crypto = require('node:crypto')
const fs = require('node:fs')

const DEFAULTS = {
  'allow-flight': 'false',
  difficulty: 'easy',
  'enable-rcon': 'true',
  gamemode: 'survival',
  'level-name': 'world',
  'level-seed': '',
  'max-players': '20',
  motd: 'A Minecraft Server',
  'online-mode': 'true',
  pvp: 'true',
  'rcon.password': '',
  'rcon.port': '25575',
  'server-port': '25565',
  'view-distance': '10',
  'white-list': 'false'
}

const FROM_ENVIRONMENT = {
  ALLOW_FLIGHT: 'allow-flight',
  DIFFICULTY: 'difficulty',
  ENABLE_RCON: 'enable-rcon',
  MODE: 'gamemode',
  LEVEL: 'level-name',
  SEED: 'level-seed',
  MAX_PLAYERS: 'max-players',
  MOTD: 'motd',
  ONLINE_MODE: 'online-mode',
  PVP: 'pvp',
  RCON_PASSWORD: 'rcon.password',
  RCON_PORT: 'rcon.port',
  SERVER_PORT: 'server-port',
  VIEW_DISTANCE: 'view-distance',
  ENABLE_WHITELIST: 'white-list'
}
const BOOLEANS = new Set(['allow-flight', 'enable-rcon', 'online-mode', 'pvp', 'white-list'])

// Java's properties format, as far as the game uses it.
const unescape = (text) => text.replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, c) =>
  c.length > 1 ? String.fromCharCode(parseInt(c.slice(1), 16)) : ({ n: '\n', t: '\t', r: '\r' }[c] ?? c))
const escape = (text) => text.replace(/[\\:=#!\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))
  .replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`)

const parse = (text) => {
  const found = {}
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([^#!\s][^=:\s]*)\s*[=:]?\s*(.*)$/.exec(line)
    if (match) found[match[1]] = unescape(match[2])
  }
  return found
}

const write = (file, properties) => {
  const lines = Object.keys(properties).sort().map((key) => `${key}=${escape(properties[key])}`)
  fs.writeFileSync(file, `#Minecraft server properties\n#${new Date().toString()}\n${lines.join('\n')}\n`)
}

const prepare = (file) => {
  const kept = fs.existsSync(file) ? parse(fs.readFileSync(file, 'utf8')) : {}
  const properties = { ...DEFAULTS, ...kept }
  for (const [variable, key] of Object.entries(FROM_ENVIRONMENT)) {
    const value = process.env[variable]
    // An empty password would be none; the one in the file, or a random one, is kept then.
    if (value === undefined || (value === '' && key === 'rcon.password')) continue
    properties[key] = BOOLEANS.has(key) ? value.toLowerCase() : value
  }
  properties['rcon.password'] ||= crypto.randomBytes(12).toString('hex')
  write(file, properties)
  return properties
}

module.exports = { prepare, parse }
