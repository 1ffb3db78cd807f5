// The commands, with the game's own answers. One at a time, whoever they come from, as the game's one thread does.
'use strict'
const { setTimeout: sleep } = require('node:timers/promises')
const testCommands = require('./test_commands')

const COMMANDS = {
  list ({ game }, _, source) {
    const names = game.playerNames()
    source.reply(`There are ${names.length} of a max of ${game.maxPlayers} players online: ${names.join(', ')}`)
  },
  say ({ game, log }, text, source) {
    game.broadcast(`[${source.name}] ${text}`)
    log.line(`[${source.name}] ${text}`)
  },
  'save-off' ({ world, log }, _, source) {
    if (!world.saving) return source.reply('Saving is already turned off')
    world.saving = false
    succeed(log, source, 'Automatic saving is now disabled')
  },
  'save-on' ({ world, log }, _, source) {
    if (world.saving) return source.reply('Saving is already turned on')
    world.saving = true
    succeed(log, source, 'Automatic saving is now enabled')
  },
  async 'save-all' ({ world, log, knobs }, how, source) {
    source.reply('Saving the game (this may take a moment!)')
    const saved = world.flush(knobs.flushS, { never: knobs.flushNever })
    // Without "flush" the game answers at once and goes on writing.
    if (how === 'flush') await saved
    succeed(log, source, 'Saved the game')
  },
  stop ({ log, shutDown }, _, source) {
    succeed(log, source, 'Stopping the server')
    // After the answer is on its way.
    setTimeout(shutDown, 20)
  },
  seed ({ properties }, _, source) {
    source.reply(`Seed: [${properties['level-seed'] || '4242424242'}]`)
  },
  help (_, __, source) {
    for (const name of Object.keys(COMMANDS)) source.reply(`/${name}`)
  },
  kick ({ game, log }, text, source) {
    const [, name, reason] = /^(\S*)\s*(.*)$/.exec(text)
    const kicked = game.kick(name, reason || 'Kicked by an operator')
    if (!kicked) return source.reply('No player was found')
    succeed(log, source, `Kicked ${kicked}: ${reason || 'Kicked by an operator'}`)
  },
  testbed: testCommands.run
}

// What changes something is told to the operators, and so to the log, with the name of who did it.
function succeed (log, source, text) {
  source.reply(text)
  if (source.name !== 'Server') log.line(`[${source.name}: ${text}]`)
}

async function run (context, line, source) {
  const [, name, rest] = /^\/?(\S*)\s*(.*?)\s*$/s.exec(line)
  if (Object.hasOwn(COMMANDS, name)) return COMMANDS[name](context, rest, source)
  const answer = name && await context.game.other(`${name} ${rest}`.trim())
  if (answer) return answer.forEach((text) => source.reply(text))
  source.reply('Unknown or incomplete command, see below for error')
  source.reply(`${line}<--[HERE]`)
}

class CommandQueue {
  constructor (context) {
    this.context = context
    this.last = Promise.resolve()
  }

  // A flush that never ends must not take every later command with it: nobody could turn saving on again.
  run (line, source) {
    const endless = this.context.knobs.flushNever && /^\/?save-all\s+flush/.test(line)
    const work = this.last.then(() => run(this.context, line, source)).catch((error) => this.context.log.error(error.stack))
    this.last = endless ? Promise.race([work, sleep(50)]) : work
    return work
  }
}

module.exports = { CommandQueue }
