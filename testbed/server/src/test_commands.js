// `testbed …`: commands that no game has, for tests to bring something about at the moment they choose.
'use strict'
const fs = require('node:fs')
const { setTimeout: sleep } = require('node:timers/promises')
const faults = require('./faults')

const UNHEALTHY_FILE = '/tmp/testbed-unhealthy'

const TESTS = {
  echo (_, n, source) {
    source.reply('0123456789'.repeat(Math.ceil(Number(n) / 10)).slice(0, Number(n)))
  },
  async delay (_, seconds, source) {
    await sleep(Number(seconds) * 1000)
    source.reply(`waited ${seconds} s`)
  },
  log ({ log }, text) {
    log.raw(text)
  },
  flood ({ log }, n, source) {
    faults.floodNow(log, Number(n))
    source.reply(`wrote ${n} lines`)
  },
  rotate ({ log }, _, source) {
    log.rotate()
    source.reply('rotated')
  },
  health (_, how, source) {
    if (how === 'off') fs.writeFileSync(UNHEALTHY_FILE, '')
    else fs.rmSync(UNHEALTHY_FILE, { force: true })
    source.reply(`health ${how}`)
  },
  crash ({ log }, code) {
    faults.crash(log, Number(code || 1))
  }
}

async function run (context, text, source) {
  const [, name, rest] = /^(\S*) ?(.*)$/s.exec(text)
  if (!Object.hasOwn(TESTS, name)) return source.reply(`testbed knows: ${Object.keys(TESTS).join(' ')}`)
  return TESTS[name](context, rest, source)
}

module.exports = { run }
