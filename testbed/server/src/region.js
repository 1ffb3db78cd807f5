// One region file in the game's format: 8 KiB of header, then chunks in fixed runs of 4 KiB sectors.
// Chunks are written in place and in two halves, as a game that is being copied at a bad moment leaves them.
'use strict'
const crypto = require('node:crypto')
const fs = require('node:fs/promises')
const path = require('node:path')
const zlib = require('node:zlib')
const nbt = require('./nbt')

const SECTOR = 4096
const DATA_VERSION = 2567 // of game version 1.16.1
const CHUNKS_PER_REGION = 8

class Region {
  // noiseBytes: how much there is in one chunk besides its names and numbers
  constructor (folder, x, z, noiseBytes) {
    this.file = path.join(folder, `r.${x}.${z}.mca`)
    this.x = x
    this.z = z
    this.noiseBytes = noiseBytes
    this.sectors = Math.min(255, Math.ceil((noiseBytes + 512) / SECTOR))
  }

  async open () {
    await fs.mkdir(path.dirname(this.file), { recursive: true })
    // Never truncated: a world that was restored or copied here stays as it is until the next save.
    this.handle = await fs.open(this.file, 'r+').catch(() => fs.open(this.file, 'w+'))
    const header = Buffer.alloc(2 * SECTOR)
    for (let i = 0; i < CHUNKS_PER_REGION; i++) {
      header.writeUInt32BE(((2 + i * this.sectors) << 8) | this.sectors, i * 4)
    }
    await this.handle.write(header, 0, SECTOR, 0)
  }

  chunk (i, generation) {
    const noise = crypto.randomBytes(this.noiseBytes)
    const sum = crypto.createHash('sha1').update(`${this.x},${this.z},${i},${generation},`).update(noise).digest('hex')
    const raw = nbt.compound('', nbt.int('DataVersion', DATA_VERSION), nbt.compound('Level',
      nbt.int('xPos', this.x * 32 + i), nbt.int('zPos', this.z * 32), nbt.text('Status', 'full'),
      nbt.long('Generation', generation), nbt.bytes('Noise', noise), nbt.text('Checksum', sum)))
    const packed = zlib.deflateSync(raw, { level: 0 })
    const run = Buffer.alloc(this.sectors * SECTOR)
    run.writeUInt32BE(packed.length + 1, 0)
    run.writeUInt8(2, 4)
    packed.copy(run, 5)
    return run
  }

  // pause: awaited between and after the halves
  async save (i, generation, pause) {
    const run = this.chunk(i, generation)
    const half = Math.floor(run.length / 2)
    const start = (2 + i * this.sectors) * SECTOR
    await this.handle.write(run, 0, half, start)
    await pause()
    await this.handle.write(run, half, run.length - half, start + half)
    const stamp = Buffer.alloc(4)
    stamp.writeUInt32BE(Math.floor(Date.now() / 1000))
    await this.handle.write(stamp, 0, 4, SECTOR + i * 4)
    await pause()
  }

  async sync () {
    await this.handle.sync()
  }
}

module.exports = { Region, CHUNKS_PER_REGION, DATA_VERSION }
