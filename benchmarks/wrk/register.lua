-- Registers a new account with every request; each run of wrk gets a word that makes its names unique.
local count, word = 0, ""
function init(arguments) word = arguments[1] end
function request()
  count = count + 1
  local name = "r" .. word .. "x" .. count
  local body = '{"user_name":"' .. name .. '","email":"' .. name .. '@example.org","first_name":"B","last_name":"M","password":"correct horse battery"}'
  return wrk.format("POST", "/api/v1/public/register", { ["Content-Type"] = "application/json" }, body)
end
