-- wrk's side of load.js: sends the request of a file; with ROTATE=n `{id}` in its headers is 1 to n,
-- one after the other or in random order (ORDER). `{conversation}` in its path is 1 to CONVERSATIONS, one
-- after the other, or with ROTATE the same as `{id}`. `{unique}` in a header is another text for each request;
-- UNIQUE is what this load's begin with. Prints a line of JSON.

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
local unique = os.getenv("UNIQUE")
local sent = 0

-- Split once: to search two kilobytes for each request would cost the load's core too much.
local function split(text)
  local from, to = text:find("{unique}", 1, true)
  if not from then return { text } end
  return { text:sub(1, from - 1) .. unique, text:sub(to + 1) }
end

local function join(parts)
  if not parts[2] then return parts[1] end
  sent = sent + 1
  return parts[1] .. sent .. parts[2]
end

if rotate > 1 or names_conversation then
  local prepared = {}
  local last = 0
  local values = rotate > 1 and rotate or conversations
  function request()
    last = rotate > 1 and random and math.random(values) or last % values + 1
    local known = prepared[last]
    if not known then
      known = split(wrk.format(nil, path_of(last), headers_of(rotate > 1 and last or 1)))
      prepared[last] = known
    end
    return join(known)
  end
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests":%d,"refused":%d,"broken":%d,"p50Ms":%.3f,"p99Ms":%.3f}',
    summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
