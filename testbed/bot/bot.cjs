// A real client, driven by JSON lines: events on stdout, orders on stdin. usage: node bot.cjs HOST PORT NAME
'use strict'
const readline = require('node:readline')

const [host, port, username] = process.argv.slice(2)
const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)
// stdout is for events alone; the libraries print to the console now and then.
console.log = console.error

const bot = require('mineflayer').createBot({
  host,
  port: Number(port),
  username,
  version: '1.16.1',
  auth: 'offline',
  hideErrors: true,
  physicsEnabled: false
})

const leave = (code) => {
  bot.quit?.()
  // The goodbye goes out first.
  setTimeout(() => process.exit(code), 200)
}

bot.once('spawn', () => tell({ event: 'spawn' }))
bot.on('message', (message) => tell({ event: 'chat', message: message.toString() }))
bot.on('kicked', (reason) => tell({ event: 'kicked', message: String(reason) }))
bot.on('error', (error) => tell({ event: 'error', message: String(error.message || error.code || error) }))
bot.once('end', () => {
  tell({ event: 'end' })
  setTimeout(() => process.exit(0), 50)
})

const orders = readline.createInterface({ input: process.stdin })
orders.on('line', (line) => {
  try {
    const order = JSON.parse(line)
    if (order.chat !== undefined) bot.chat(order.chat)
    if (order.quit) leave(0)
  } catch (error) {
    tell({ event: 'error', message: `bad order: ${error.message}` })
  }
})
orders.on('close', () => leave(0))
