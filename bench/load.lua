-- wrk's side of load.js: sends the request of a file; with ROTATE=n `{id}` in it is 1 to n,
-- one after the other or in random order (ORDER). Prints a line of JSON.

local rotate = tonumber(os.getenv("ROTATE") or "1")
local random = os.getenv("ORDER") == "random"
math.randomseed(os.time())

local headers = {}
local file = assert(io.open(os.getenv("REQUEST")))
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

wrk.method = "POST"
wrk.body = body
wrk.headers = headers_of(1)

if rotate > 1 then
  local prepared = {}
  local last = 0
  function request()
    last = random and math.random(rotate) or last % rotate + 1
    local known = prepared[last]
    if not known then
      known = wrk.format(nil, nil, headers_of(last))
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
