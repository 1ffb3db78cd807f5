// The world on disk. All of it always belongs to one generation: a save raises the number and writes every chunk
// of every region, then level.dat. Until a save is through, the files hold chunks of two generations, so whoever
// copies in that time has a torn copy, and verify_world.py can tell.
//
// As in the game: with saving on, saves follow each other by themselves; save-off stops that where it is, in the
// middle of a save if need be, and the rest stays in memory until `save-all flush` has written everything.
'use strict'
const fs = require('node:fs/promises')
const path = require('node:path')
const zlib = require('node:zlib')
const { setTimeout: sleep } = require('node:timers/promises')
const nbt = require('./nbt')
const { Region, CHUNKS_PER_REGION, DATA_VERSION } = require('./region')

const PLACES = [[0, 0], [0, -1], [-1, 0], [-1, -1]]
const CHUNKS = PLACES.length * CHUNKS_PER_REGION
const AUTOSAVE_S = 0.4

class World {
  constructor (folder, name, { worldMib, saveIntervalS }) {
    this.folder = folder
    this.name = name
    this.saveIntervalS = saveIntervalS
    const noiseBytes = Math.max(64, Math.floor(worldMib * 1024 * 1024 / CHUNKS))
    this.regions = PLACES.map(([x, z]) => new Region(path.join(folder, 'region'), x, z, noiseBytes))
    this.saving = true
    this.closed = false
    this.busy = Promise.resolve() // one save at a time
  }

  async open () {
    await fs.mkdir(path.join(this.folder, 'playerdata'), { recursive: true })
    await fs.writeFile(path.join(this.folder, 'session.lock'), '\u2603')
    this.generation = await this.readGeneration()
    for (const region of this.regions) await region.open()
    await this.save(0)
    this.autosave()
  }

  // The tag is found by its bytes: type 4 (long), name, value. A world from elsewhere starts at 0.
  async readGeneration () {
    try {
      const raw = zlib.gunzipSync(await fs.readFile(path.join(this.folder, 'level.dat')))
      const tag = Buffer.concat([Buffer.from([4, 0, 10]), Buffer.from('Generation')])
      const at = raw.indexOf(tag)
      return at < 0 ? 0 : Number(raw.readBigInt64BE(at + tag.length))
    } catch {
      return 0
    }
  }

  async autosave () {
    while (!this.closed) {
      await sleep(this.saveIntervalS * 1000)
      if (this.saving) await this.save(AUTOSAVE_S, () => !this.saving)
    }
  }

  // A save takes about durationS; one that isStopped() ends after the chunk it is at and leaves the files torn.
  save (durationS, isStopped = () => false) {
    const work = this.busy.then(() => this.writeAll(durationS, isStopped))
    this.busy = work.catch(() => {})
    return work
  }

  async writeAll (durationS, isStopped) {
    const generation = ++this.generation
    const started = Date.now()
    let halves = 0
    // Towards a schedule, not by fixed naps: timers are late on a loaded machine.
    const pause = async () => {
      const due = started + (++halves / (CHUNKS * 2)) * durationS * 1000
      if (durationS) await sleep(Math.max(0, due - Date.now()))
    }
    for (const region of this.regions) {
      for (let i = 0; i < CHUNKS_PER_REGION; i++) {
        if (isStopped()) return
        await region.save(i, generation, pause)
      }
    }
    for (const region of this.regions) await region.sync()
    await this.writeLevel(generation)
  }

  async writeLevel (generation) {
    const now = Date.now()
    const raw = nbt.compound('', nbt.compound('Data',
      nbt.int('DataVersion', DATA_VERSION), nbt.text('LevelName', this.name), nbt.long('LastPlayed', now),
      nbt.long('Generation', generation), nbt.int('Chunks', CHUNKS)))
    const file = path.join(this.folder, 'level.dat')
    await fs.writeFile(`${file}_new`, zlib.gzipSync(raw), { flush: true })
    await fs.copyFile(file, `${file}_old`).catch(() => {})
    await fs.rename(`${file}_new`, file)
  }

  // The confirmed save behind `save-all flush`. With never, it stops half-way and does not come back.
  async flush (durationS, { never = false } = {}) {
    if (!never) return this.save(durationS)
    const half = Date.now() + durationS * 500
    await this.save(durationS, () => Date.now() > half)
    return new Promise(() => {})
  }

  async close (durationS) {
    this.closed = true
    this.saving = false
    await this.save(durationS)
  }
}

module.exports = { World }
