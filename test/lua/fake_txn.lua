--- A transaction for tests: headers in a list, variables in a table, and a
-- buffer that can be told to be full.

local fake_txn = {}

function fake_txn.create(headers, url)
  local txn = {
    headers = headers, variables = {}, url_now = url or "/", sets = 0,
  }

  function txn:get_var(name) return self.variables[name] end

  function txn:set_var(name, value)
    if self.full_once == name then
      self.full_once = nil
      return false
    end
    self.variables[name], self.last_variable = value, name
    return true
  end

  function txn:unset_var(name) self.variables[name] = nil end
  function txn:set_priv(value) self.private = value end
  function txn:get_priv() return self.private end

  local function delete(name)
    for i = #txn.headers, 1, -1 do
      if txn.headers[i][1] == name then table.remove(txn.headers, i) end
    end
  end

  txn.http = {
    req_del_header = function(_, name) delete(name) end,
    req_set_header = function(_, name, value)
      delete(name)
      if txn.drop_all then return end
      if txn.drop_at then
        txn.drop_at = txn.drop_at - 1
        if txn.drop_at == 0 then
          txn.drop_at = nil
          return
        end
      end
      txn.headers[#txn.headers + 1] = { name, value }
    end,
    req_get_headers = function()
      local found = {}
      for _, header in ipairs(txn.headers) do
        local list = found[header[1]]
        if list then
          list[#list + 1] = header[2]
        else
          found[header[1]] = { [0] = header[2] }
        end
      end
      return found
    end,
    req_set_uri = function(_, uri) txn.url_now = uri end,
  }

  txn.f = {
    req_hdr_names = function()
      local names = {}
      for i, header in ipairs(txn.headers) do names[i] = header[1] end
      return table.concat(names, ",")
    end,
    req_fhdr = function(_, name)
      local found
      for _, header in ipairs(txn.headers) do
        if header[1] == name then found = header[2] end
      end
      return found
    end,
    url = function() return txn.url_now end,
  }
  return txn
end

return fake_txn
