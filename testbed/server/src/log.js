// logs/latest.log in the game's own format, rotated as the game does it, and the same lines on stdout.
'use strict'
const fs = require('node:fs')
const path = require('node:path')
const zlib = require('node:zlib')

const two = (n) => String(n).padStart(2, '0')
const day = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
const clock = (date) => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`

class Log {
  constructor (folder) {
    this.folder = folder
    this.latest = path.join(folder, 'latest.log')
    fs.mkdirSync(folder, { recursive: true })
    this.begin(fs.existsSync(this.latest) ? fs.statSync(this.latest).mtime : undefined)
  }

  // The old file goes aside by a rename and is gzipped when the new one is there, as in the game: a follower sees
  // another inode at once, and never the old one's number again so soon.
  begin (dateOfOld) {
    const aside = dateOfOld && this.freeName(dateOfOld)
    if (aside) fs.renameSync(this.latest, aside)
    if (this.fd !== undefined) fs.closeSync(this.fd)
    this.fd = fs.openSync(this.latest, 'a')
    this.day = day(new Date())
    if (!aside) return
    fs.writeFileSync(`${aside}.gz`, zlib.gzipSync(fs.readFileSync(aside)))
    fs.rmSync(aside)
  }

  freeName (date) {
    let n = 1
    while (fs.existsSync(path.join(this.folder, `${day(date)}-${n}.log.gz`))) n++
    return path.join(this.folder, `${day(date)}-${n}.log`)
  }

  rotate () {
    this.begin(new Date())
  }

  // Whole lines, already formatted or not in the format at all (stack traces, floods).
  raw (text) {
    if (day(new Date()) !== this.day) this.begin(fs.statSync(this.latest).mtime)
    fs.writeSync(this.fd, `${text}\n`)
    process.stdout.write(`${text}\n`)
  }

  line (text, thread = 'Server thread', level = 'INFO') {
    this.raw(this.format(text, thread, level))
  }

  format (text, thread = 'Server thread', level = 'INFO') {
    return `[${clock(new Date())}] [${thread}/${level}]: ${text}`
  }

  warn (text) {
    this.line(text, 'Server thread', 'WARN')
  }

  error (text) {
    this.line(text, 'Server thread', 'ERROR')
  }
}

// What the image itself says before the game runs: on stdout only, there is no latest.log yet.
const init = (text) => process.stdout.write(`[init] ${text}\n`)

module.exports = { Log, init }
