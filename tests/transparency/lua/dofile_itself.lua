-- Part of stack_depth.lua: a script that runs itself until that is refused.
depth_of_dofile()
return dofile((arg[0]:gsub("stack_depth", "dofile_itself"))) or 1
