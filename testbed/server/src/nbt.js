// The few NBT tags that the world needs, written straight into buffers: many chunks a second, little CPU.
'use strict'

const string = (text) => {
  const bytes = Buffer.from(text)
  const size = Buffer.alloc(2)
  size.writeUInt16BE(bytes.length)
  return Buffer.concat([size, bytes])
}
const int32 = (n) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(n)
  return bytes
}
const int64 = (n) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(n))
  return bytes
}
const named = (type, name, payload) => Buffer.concat([Buffer.from([type]), string(name), payload])

const int = (name, n) => named(3, name, int32(n))
const long = (name, n) => named(4, name, int64(n))
const bytes = (name, buffer) => named(7, name, Buffer.concat([int32(buffer.length), buffer]))
const text = (name, value) => named(8, name, string(value))
const compound = (name, ...tags) => named(10, name, Buffer.concat([...tags, Buffer.from([0])]))

module.exports = { int, long, bytes, text, compound }
