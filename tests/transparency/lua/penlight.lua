-- Penlight modules at work.
local pretty, List, tablex, stringx = require "pl.pretty", require "pl.List", require "pl.tablex", require "pl.stringx"
local class, template, sip, lexer = require "pl.class", require "pl.template", require "pl.sip", require "pl.lexer"
local path, dir, utils, xml, data = require "pl.path", require "pl.dir", require "pl.utils", require "pl.xml", require "pl.data"
print(pretty.write { 1, 2, { a = { b = "c" } } })
print(List { 3, 1, 2 }:sort():map(function(x) return x * 2 end):concat ",")
print(tablex.deepcompare({ 1, { 2 } }, { 1, { 2 } }), #stringx.split "a b c", stringx.center("x", 9, "*"))
class.Animal() function Animal:_init(n) self.name = n end function Animal:__tostring() return "animal " .. self.name end
class.Dog(Animal) print(Dog "rex", Dog:class_of(Dog "x"), Dog "y":is_a(Animal))
print(template.substitute("# for i = 1, 3 do\n$(i) squared is $(i * i)\n# end\n", { _escape = "#" }))
local got = {} print(sip.match("$v = $i", "answer = 42", got), got[1], got[2])
local tokens = {} for kind, value in lexer.lua "local x = f(1) -- end" do tokens[#tokens + 1] = kind .. ":" .. value end
print(table.concat(tokens, " ")) print(path.splitext "a/b.txt") print(path.abspath "x" == path.join(path.currentdir(), "x"))
print(xml.parse "<a b='c'><d>text</d></a>") print(pcall(utils.raise, "message")) print(utils.execute "exit 5")
local rows = data.read(require "pl.stringio".open "a,b\n1,2\n3,4\n") print(rows:column_by_name "b":reduce "+")
require "pl.strict" print(pcall(function() return undeclared_variable end))
local app = require "pl.app" print(pcall(require, "pl.missing"))
print(#dir.getfiles(".", "*.none"), require "pl.types".is_callable(print), require "pl.func" and require "pl.operator".add(1, 2))
