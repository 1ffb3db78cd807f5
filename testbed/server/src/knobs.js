// The fault knobs, read once from the environment. Each name is TESTBED_ + the name here; see README.md.
'use strict'

const number = (name, otherwise) => {
  const text = process.env[`TESTBED_${name}`]
  if (text === undefined || text === '') return otherwise
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new Error(`TESTBED_${name} must be a number >= 0, not "${text}"`)
  return value
}

const flag = (name) => !['', '0', 'false', 'no'].includes((process.env[`TESTBED_${name}`] ?? '').toLowerCase())

const rconHang = () => {
  const value = (process.env.TESTBED_RCON_HANG ?? '').toLowerCase()
  if (!flag('RCON_HANG')) return ''
  return value === 'command' ? 'command' : 'login'
}

module.exports = {
  startDelayS: number('START_DELAY_S', 0),
  crashAfterS: number('CRASH_AFTER_S', 0),
  crashCode: number('CRASH_CODE', 1),
  allocateMibPerS: number('ALLOCATE', 0),
  ignoreSigterm: flag('IGNORE_SIGTERM'),
  stopS: number('STOP_S', 0.3),
  floodLinesPerS: number('FLOOD_LINES_PER_S', 0),
  floodLines: number('FLOOD_LINES', 0),
  rconHang: rconHang(),
  flushS: number('FLUSH_S', 3),
  flushNever: flag('FLUSH_NEVER'),
  unhealthyAfterS: number('UNHEALTHY', -1),
  worldMib: Math.min(31, number('WORLD_MIB', 1)), // a chunk has room for 1 MiB
  saveIntervalS: number('SAVE_INTERVAL_S', 0.3)
}
