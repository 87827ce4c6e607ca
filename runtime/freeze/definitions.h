// The definitions of a file of the prelude: functions, classes and assignments to plain names at its top level, each with
// its decorators. Other lines there belong to the definition above them.
#pragma once

#include <string_view>
#include <vector>

namespace gen {

struct Definition {
    std::string_view name;
    std::string_view text;
};

std::vector<Definition> definitions_of(std::string_view file);

}  // namespace gen
