-- wrk's side of load.js: sends the request of a file; with ROTATE=n `{id}` in its headers is 1 to n,
-- one after the other or in random order (ORDER). `{conversation}` in its path is 1 to CONVERSATIONS, one
-- after the other, or with ROTATE the same as `{id}`. Prints a line of JSON.

local rotate = tonumber(os.getenv("ROTATE") or "1")
local conversations = tonumber(os.getenv("CONVERSATIONS") or "1")
local random = os.getenv("ORDER") == "random"
math.randomseed(os.time())

local headers = {}
local file = assert(io.open(os.getenv("REQUEST")))
local path = file:read("*l")
for line in file:lines() do
  if line == "" then break end
  local name, value = line:match("^([^:]+): (.*)$")
  headers[name] = value
end
local body = file:read("*a")
file:close()

local function headers_of(id)
  local filled = {}
  for name, value in pairs(headers) do filled[name] = value:gsub("{id}", id) end
  return filled
end

local function path_of(conversation)
  return (path:gsub("{conversation}", conversation))
end

wrk.method = "POST"
wrk.body = body
wrk.path = path_of(1)
wrk.headers = headers_of(1)

local names_conversation = path_of(1) ~= path

if rotate > 1 or names_conversation then
  local prepared = {}
  local last = 0
  local values = rotate > 1 and rotate or conversations
  function request()
    last = rotate > 1 and random and math.random(values) or last % values + 1
    local known = prepared[last]
    if not known then
      known = wrk.format(nil, path_of(last), headers_of(rotate > 1 and last or 1))
      prepared[last] = known
    end
    return known
  end
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests":%d,"refused":%d,"broken":%d,"p50Ms":%.3f,"p99Ms":%.3f}',
    summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
