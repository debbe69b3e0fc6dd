-- Sends an operation: method, path, content type and body, prefix and number of the names that `{name}` stands for.
-- The names end in 0, 1, 2 …; they begin anew after their number, or never if that is 0.
function init(arguments)
  wrk.method, wrk.path = arguments[1], arguments[2]
  local body, prefix, names = arguments[4], arguments[5], tonumber(arguments[6])
  if body == "" then return end
  wrk.headers["Content-Type"] = arguments[3]
  local count = 0
  function request()
    local name = prefix .. (names > 0 and count % names or count)
    count = count + 1
    return wrk.format(nil, nil, nil, (body:gsub("{name}", name)))
  end
end
