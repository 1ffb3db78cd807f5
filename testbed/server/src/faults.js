// Faults that come by themselves: crash, memory, flood.
'use strict'
const fs = require('node:fs')

const BLOCK = 1024 * 1024

// log is absent while the game has not begun.
function crash (log, code) {
  if (log) {
    log.error('Encountered an unexpected exception')
    log.raw('java.lang.IllegalStateException: this crash was asked for\n\tat testbed.Knobs.crash(Knobs.java:1)')
    fs.mkdirSync('/data/crash-reports', { recursive: true })
    const name = `crash-${new Date().toISOString().slice(0, 19).replace('T', '_').replaceAll(':', '.')}-server.txt`
    fs.writeFileSync(`/data/crash-reports/${name}`, '---- Minecraft Crash Report ----\nthis crash was asked for\n')
  }
  process.exit(code)
}

// Resident memory, not only reserved: the blocks are filled.
function allocate (mibPerS) {
  const kept = []
  setInterval(() => kept.push(Buffer.alloc(Math.ceil(mibPerS * BLOCK / 20), 1)), 50)
}

const floodLine = (log, n) => log.format(`flood ${n}`)

function floodNow (log, n) {
  log.raw(Array.from({ length: n }, (_, i) => floodLine(log, i + 1)).join('\n'))
}

// Numbered from 1, so that a reader can see what it lost. total 0: for ever.
function flood (log, perS, total) {
  const started = Date.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.min(Math.floor((Date.now() - started) / 1000 * perS), total || Infinity)
    const lines = []
    while (sent < due) lines.push(floodLine(log, ++sent))
    if (lines.length) log.raw(lines.join('\n'))
    if (total && sent >= total) clearInterval(timer)
  }, 20)
}

module.exports = { crash, allocate, flood, floodNow }
