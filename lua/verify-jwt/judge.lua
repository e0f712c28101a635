--- Comes to a verdict: from the cache, by refusing what can be refused here,
-- or from the token-server. A function of a text; headers are not its matter.

local base64url = require("verify-jwt.base64url")
local extract = require("verify-jwt.extract")
local keys = require("verify-jwt.keys")
local reason = require("verify-jwt.reason")
local signature = require("verify-jwt.signature")
local token = require("verify-jwt.token")
local uninterrupted = require("verify-jwt.uninterrupted")
local verdict = require("verify-jwt.verdict")

local find, sub = string.find, string.sub

local BODY = verdict.BODY

local MAX_QUESTIONS = 3
local MAX_WAITING = 2000
-- From a token's arrival to its verdict, however often it is asked about.
local DEADLINE_SECONDS = 0.8
-- An asker has answered by then, or is gone.
local MAX_WAIT_SECONDS = 0.9
-- An asker that is silent for so long may be gone together with its client.
-- What it leaves of the wait is enough for another question.
local TAKE_OVER_SECONDS = 0.1
local FIRST_NAP_MS, LONGEST_NAP_MS = 1, 8

local judge = {}

local REFUSAL = {}
for _, detail in ipairs({
  "missing", "ambiguous", "malformed", "too_large",
}) do
  REFUSAL[detail] = verdict.refusal(reason.INVALID, detail)
end

--- A refusal made here, for one of the details above.
function judge.refusal(detail)
  return REFUSAL[detail]
end

--- Creates a judge.
-- @param deps { settings, cache, packer, ask, ring, decode, trace, clock, nap,
--   memory, counts }
--   ask(text, header, thumbprint, moment, deadline) -> verdict, epoch;
--   ring() -> the keys of now; decode(request, base64url) -> bytes;
--   trace(request) -> header lines that go with a question; nap(milliseconds)
--   lets others run; memory is what `memory.lua` creates; counts.hits grows
--   with each verdict that was known
function judge.create(deps)
  local settings, cache, packer = deps.settings, deps.cache, deps.packer
  local wall, now, coarse = deps.clock.wall, deps.clock.now, deps.clock.coarse
  local memory = deps.memory
  local counts = deps.counts
  local parse = token.parser()
  local pending = {}
  -- Who waits -> until when. HAProxy may end any of them at any time without
  -- a word; `sweep` then counts them out.
  local waiters, waiting = {}, 0
  local asked, stale_hits = 0, 0
  local self = {}

  --- Names the key under which a signature holds; nil where the token-server
  -- has to look: also for one that does not hold here, as the server may have
  -- another key of the same name, an issuer's own or a newer one. The second
  -- value refuses what no key could verify.
  -- @param first, second where the dots are
  local function check_signature(text, header, first, second, from)
    if not header.plain then return nil end
    local key = keys.select(deps.ring(), header.alg, header.kid)
    if not key then return nil end
    local bytes = sub(text, second + 1)
    if not base64url.is_strict(bytes) then return nil, REFUSAL.malformed end
    local decoded = deps.decode(from, bytes)
    if decoded and signature.verify(key, header.alg,
      sub(text, 1, second - 1), decoded) then
      return key.thumbprint
    end
    if not base64url.is_strict(sub(text, first + 1, second - 1)) then
      return nil, REFUSAL.malformed
    end
    return nil
  end

  --- Asks until the answer is not older than what is applied here.
  local function ask_current(text, thumbprint, from, moment, deadline)
    local trace = deps.trace(from)
    for _ = 1, MAX_QUESTIONS do
      asked = asked + 1
      local how = memory.begin(moment)
      local entry, epoch =
        deps.ask(text, how.header .. trace, thumbprint, moment, deadline)
      if entry == verdict.unavailable then return entry, nil, epoch end
      if memory.is_current(how, entry, epoch) then return entry, how end
      moment = now()
      if moment >= deadline then break end
    end
    return verdict.unavailable
  end

  --- The verdict; how it may be remembered, or nil; and true where nobody
  -- could be reached.
  local function ask(text, from, moment, deadline)
    local header, first, second = parse(text)
    if not header then return REFUSAL.malformed end
    local thumbprint, refusal
    if first then
      thumbprint, refusal = check_signature(text, header, first, second, from)
      if refusal then return refusal end
    end
    local entry, how, is_unreachable =
      ask_current(text, thumbprint, from, moment, deadline)
    if entry[BODY] and settings.body_encoding == "base64url" then
      if first then
        entry[BODY] = sub(text, first + 1, second - 1)
      elseif find(entry[BODY], "{", 1, true) then
        -- A server of an older version does not know how to encode them.
        entry[BODY] = base64url.encode(entry[BODY])
      end
    end
    return entry, how, is_unreachable
  end

  local function count_in(waiter, ends)
    waiters[waiter], waiting = ends, waiting + 1
  end

  local function count_out(waiter)
    if waiters[waiter] then waiters[waiter], waiting = nil, waiting - 1 end
  end

  --- Waits for what comes of a question that somebody else has put: { entry,
  -- how, is_unreachable }. nil when nothing does; and true for the one who is
  -- to ask in the asker's place.
  local function wait(question, deadline)
    if waiting >= MAX_WAITING then return { verdict.unavailable } end
    local waiter, ends = {}, math.min(question.ends, deadline)
    uninterrupted(function() count_in(waiter, question.ends) end)
    local nap = FIRST_NAP_MS
    local time
    repeat
      deps.nap(nap)
      nap, time = math.min(nap * 2, LONGEST_NAP_MS), now()
    until question.result or time >= question.take_over_at or time >= ends
    uninterrupted(function() count_out(waiter) end)
    local takes_over = not question.result and time < ends
    -- Once: a server that is only slow is not asked by everybody.
    if takes_over then question.take_over_at = math.huge end
    return question.result, takes_over
  end

  --- Asks, and tells those who wait.
  local function ask_for(question, text, key, from, moment, deadline)
    local ok, entry, how, is_unreachable =
      pcall(ask, text, from, moment, deadline)
    if pending[text] == question then pending[text] = nil end
    -- In one: two may be asking.
    question.result = { ok and entry or verdict.internal, how, is_unreachable }
    if not ok then error(entry, 0) end
    if how then memory.keep(cache, key, entry, how) end
    return entry, is_unreachable
  end

  local function is_trusted_now()
    local time = wall()
    return memory.is_trusted(time, coarse(time))
  end

  --- Asks for one request alone.
  local function ask_alone(text, from, moment, deadline)
    local entry, _, is_unreachable = ask(text, from, moment, deadline)
    return entry, is_unreachable
  end

  --- Asks, so that there is one question per token at a time while answers
  -- may be remembered at all.
  local function ask_once(text, key, from, moment, deadline)
    local question = pending[text]
    while question and moment < question.ends do
      local result, takes_over = wait(question, deadline)
      if takes_over then
        return ask_for(question, text, key, from, now(), deadline)
      end
      if not result then return verdict.unavailable end
      local entry, how, is_unreachable = result[1], result[2], result[3]
      if entry == verdict.unavailable or memory.may_share(how, entry) then
        return entry, is_unreachable
      end
      moment = now()
      if moment >= deadline then return verdict.unavailable end
      if not is_trusted_now() then
        return ask_alone(text, from, moment, deadline)
      end
      -- Of those who waited in vain the first asks, for all the others again.
      question = pending[text]
    end
    question = {
      ends = moment + MAX_WAIT_SECONDS,
      take_over_at = moment + TAKE_OVER_SECONDS,
    }
    pending[text] = question
    return ask_for(question, text, key, from, moment, deadline)
  end

  --- What was known a while ago, where nobody can be asked.
  local function find_stale(text)
    local time = wall()
    local tick = coarse(time)
    if not memory.may_be_stale(time, tick) then return nil end
    local entry = cache.get_stale(text, time, tick)
    if not entry then return nil end
    stale_hits = stale_hits + 1
    return verdict.to_stale(packer.unpack(entry))
  end

  --- The verdict for a request's text.
  -- @param text        an Authorization header's whole value, or a token
  -- @param from_header which of the two it is
  -- @param from        the request, for those who read more of it
  function self.judge(text, from_header, from)
    local time = wall()
    local tick = coarse(time)
    if memory.is_trusted(time, tick) then
      local entry = cache.get(text, time, tick)
      if entry then
        counts.hits = counts.hits + 1
        return packer.unpack(entry)
      end
    end
    local candidate = text
    if from_header then
      local detail
      candidate, detail = extract.from_authorization(text, settings.schemes)
      if not candidate then return REFUSAL[detail or "missing"] end
    end
    if #candidate > settings.max_token_bytes then return REFUSAL.too_large end
    local entry, is_unreachable
    local moment = now()
    local deadline = moment + DEADLINE_SECONDS
    -- Whoever waits gets an answer a little older than its question, which
    -- only those may who may also remember one.
    if memory.is_trusted(time, tick) then
      entry, is_unreachable =
        ask_once(candidate, text, from, moment, deadline)
    else
      entry, is_unreachable =
        ask_alone(candidate, from, moment, deadline)
    end
    if is_unreachable then return find_stale(text) or entry end
    return entry
  end

  --- How many verdicts were known, asked for and stale, since the start.
  function self.totals()
    return counts.hits, asked, stale_hits
  end

  local function forget_gone(time)
    for text, question in pairs(pending) do
      if time > question.ends then pending[text] = nil end
    end
    for waiter, ends in pairs(waiters) do
      if time > ends then count_out(waiter) end
    end
  end

  --- Forgets questions whose asker is gone, and those who waited and are. To
  -- be called by a task.
  function self.sweep()
    local time = now()
    uninterrupted(function() forget_gone(time) end)
  end

  return self
end

return judge
