-- Requests for wrk that nobody in their right mind sends. Counts the answers by status and prints them as "answer CODE N".
-- TOKEN in the environment is a good one: what is broken behind the sign-in is looked at, too.
local threads, number = {}, 0
local token = os.getenv("TOKEN")

function setup(thread)
  number = number + 1
  thread:set("seed", number)
  table.insert(threads, thread)
end

function init()
  math.randomseed(seed)
end

local function bytes(length)
  local out = {}
  for i = 1, length do out[i] = string.char(math.random(0, 255)) end
  return table.concat(out)
end

local function escaped(text)
  return (text:gsub("[^%w]", function(c) return string.format("%%%02x", c:byte()) end))
end

local function word(length)
  local out = {}
  for i = 1, length do out[i] = string.char(math.random(33, 126)) end
  return table.concat(out)
end

local function any(list) return list[math.random(#list)] end

local PLACES = {
  "/api/servers", "/api/servers/honest", "/api/servers/honest/compose", "/api/servers/honest/rcon",
  "/api/servers/honest/operations", "/api/servers/honest/files", "/api/servers/honest/files/upload",
  "/api/servers/honest/files/download", "/api/servers/honest/history", "/api/snapshots", "/api/snapshots/restore",
  "/api/snapshots/schedules", "/api/auth/token", "/api/auth/verifyCode", "/api/auth/register", "/api/user/me",
  "/api/operations/0", "/api/audit", "/api/metrics", "/api/schema", "/api/admin/users", "/admin/", "/healthz", "/static/"
}
local METHODS = { "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "BREW", "get" }
local BODIES = {
  '{"', "[" , "nul", '{"a":}', '{"action":{"$ne":1}}', '"\\ud800"', "{\"id\": 1e999}", '{"id":"../../etc"}',
  string.rep("[", 5000), '{"a":' .. string.rep('{"a":', 2000), "\0\0\0\0", "\255\254\253", "action=up&action=down", ""
}
local TYPES = { "application/json", "application/json; charset=none", "multipart/form-data; boundary=", "multipart/form-data",
  "application/x-www-form-urlencoded", "text/html", "*/*", "", "application/json\t;;;" }

local function bearer()
  local what = math.random(6)
  if what == 1 then return "Bearer " .. word(40) end
  if what == 2 then return "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0." end
  if what == 3 then return "Bearer eyJhbGciOiJIUzI1NiJ9." .. word(200) .. "." .. word(43) end
  if what == 4 then return "Basic " .. word(2000) end
  if what == 5 then return "Bearer" end
  return word(3)
end

local kinds = {
  function() return wrk.format(any(METHODS), "/" .. escaped(bytes(math.random(200))), { Authorization = bearer() }) end,
  function() return wrk.format("GET", "/api/servers/" .. escaped("../../" .. bytes(8)) .. "/status", { Authorization = "Bearer " .. token }) end,
  function() return wrk.format(any(METHODS), any(PLACES), { Authorization = bearer(), ["Content-Type"] = any(TYPES) }, any(BODIES)) end,
  -- Signed in, and broken: only what cannot be JSON of a wanted shape, so that nothing is really done.
  function() return wrk.format("POST", any(PLACES), { Authorization = "Bearer " .. token, ["Content-Type"] = any(TYPES) }, any(BODIES)) end,
  function() return wrk.format("GET", any(PLACES) .. "?" .. word(math.random(400)):gsub("#", "&"), { Authorization = "Bearer " .. token }) end,
  function() return wrk.format("GET", any(PLACES), { ["X-" .. string.rep("a", 50)] = word(math.random(60000)) }) end,
  function() return wrk.format("GET", "/" .. string.rep("a/", math.random(4000))) end,
  function() return wrk.format("GET", any(PLACES), { Host = word(30), Cookie = word(4000), Range = "bytes=9-1,,,-0", Origin = word(20) }) end,
  function() return wrk.format("POST", "/api/auth/token", { ["Content-Type"] = "application/x-www-form-urlencoded" },
    "username=" .. escaped(bytes(20)) .. "&password=" .. escaped(bytes(50))) end,
  function() return bytes(math.random(300)) .. "\r\n\r\n" end,
  function() return "POST /api/servers HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n" end,
  function() return "POST /api/servers HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" end,
  function() return "GET /api/servers/honest/console HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: x\r\n\r\n" end,
}

function request()
  return any(kinds)()
end

function response(status)
  _G["answer" .. status] = (_G["answer" .. status] or 0) + 1
end

function done()
  for code = 100, 599 do
    local all = 0
    for _, thread in ipairs(threads) do all = all + (thread:get("answer" .. code) or 0) end
    if all > 0 then print("answer " .. code .. " " .. all) end
  end
end
