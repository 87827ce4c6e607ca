// Variables of the environment. The process's are those of every VM that runs in it; an isolate stands for a process and has its own.
#pragma once
#include <mutex>
#include <string>
#include <vector>

namespace gen {

class VM;

using Environment = std::vector<std::string>;  // "name=value", each name once

// The process's environment is locked by the C library for nobody who reads it: whoever reads or changes it, starts a process that
// gets it, or calls what looks at TZ or tells the zone in variables of the process (tzset, localtime_r, mktime, strftime), holds this.
std::mutex& environment_mutex();

Environment environment_of(VM&);
int set_variable(VM&, const std::string& name, const std::string& value);  // errno, or 0
int unset_variable(VM&, const std::string& name);

}  // namespace gen
