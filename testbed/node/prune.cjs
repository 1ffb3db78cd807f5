// Remove the data of all game versions but one: 440 MB become 15. usage: node prune.cjs NODE_MODULES VERSION
'use strict'
const fs = require('node:fs')
const path = require('node:path')

const [modules, version] = process.argv.slice(2)
const data = path.join(modules, 'minecraft-data', 'minecraft-data', 'data')
const paths = JSON.parse(fs.readFileSync(path.join(data, 'dataPaths.json'), 'utf8'))

// A version is a patchwork of folders: its own, and those of older versions where nothing changed.
const needed = new Set(Object.values(paths.pc[version]))
needed.add('pc/common').add('bedrock/common')

for (const edition of ['pc', 'bedrock']) {
  for (const folder of fs.readdirSync(path.join(data, edition))) {
    if (!needed.has(`${edition}/${folder}`)) fs.rmSync(path.join(data, edition, folder), { recursive: true })
  }
}

// Sources, typings and tests of the packages are never loaded.
for (const entry of fs.readdirSync(modules, { recursive: true })) {
  if (/\.(map|d\.ts|md)$/.test(entry)) fs.rmSync(path.join(modules, entry), { force: true })
}

// Of Node only the program itself: no headers, no npm.
for (const name of fs.readdirSync(modules).filter((name) => name.startsWith('node-linux-'))) {
  for (const part of ['include', 'lib', 'share', 'CHANGELOG.md', 'README.md']) {
    fs.rmSync(path.join(modules, name, part), { recursive: true, force: true })
  }
}
