// What the image does before the game runs: licence, owner of /data, the small files beside the world.
'use strict'
const fs = require('node:fs')
const path = require('node:path')
const { init } = require('./log')

function requireEula (folder) {
  const accepted = (process.env.EULA ?? '').toLowerCase() === 'true'
  if (accepted) {
    fs.writeFileSync(path.join(folder, 'eula.txt'), `#${new Date().toString()}\neula=true\n`)
    return
  }
  init('EULA is not accepted: set the environment variable EULA to TRUE')
  init('You need to agree to the EULA in order to run the server. Go to eula.txt for more info.')
  process.exit(1)
}

function chownAll (folder, uid, gid) {
  fs.lchownSync(folder, uid, gid)
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) chownAll(file, uid, gid)
    else fs.lchownSync(file, uid, gid)
  }
}

// The game runs as uid 1000 unless told otherwise; /data is handed over to it when it belongs to somebody else.
function becomeUser (folder) {
  if (process.getuid() !== 0) return
  const uid = Number(process.env.UID ?? 1000)
  const gid = Number(process.env.GID ?? 1000)
  const now = fs.statSync(folder)
  if ((now.uid !== uid || now.gid !== gid) && process.env.SKIP_CHOWN_DATA?.toLowerCase() !== 'true') chownAll(folder, uid, gid)
  init(`Running as uid=${uid} gid=${gid}`)
  if (uid === 0) return
  process.setgroups([])
  process.setgid(gid)
  process.setuid(uid)
}

function writeSmallFiles (folder, properties) {
  for (const name of ['banned-ips', 'banned-players', 'ops', 'usercache', 'whitelist']) {
    const file = path.join(folder, `${name}.json`)
    if (!fs.existsSync(file)) fs.writeFileSync(file, '[]\n')
  }
  fs.writeFileSync(path.join(folder, '.rcon-cli.env'), `password=${properties['rcon.password']}\n`)
}

module.exports = { requireEula, becomeUser, writeSmallFiles }
