std = "lua53"
max_line_length = 80
read_globals = { "core" }
files["test/lua"] = { globals = { "core" } }
