-- Logs in, each time as the next of the accounts bench0 … bench31.
local count = 0
function request()
  count = count + 1
  local body = '{"user_name":"bench' .. (count % 32) .. '","password":"correct horse battery"}'
  return wrk.format("POST", "/api/v1/public/login", { ["Content-Type"] = "application/json" }, body)
end
