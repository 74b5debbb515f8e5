-- A small program with budgets: it indexes the words of a text and prints the most frequent ones.
-- Run it as `modprof run -o index.mprof -- lua5.4 main.lua`, then `modprof check index.mprof`.
local words = require "words"
local top = require "top"

local text = ("the quick brown fox jumps over the lazy dog and the dog sleeps "):rep(200)
for _, entry in ipairs(top.of(words.count(text), 3)) do
  print(entry.word, entry.n)
end
