// The runtime's .gen files inside the program: as text, for tracebacks and inspect, and compiled. gen_freeze
// (runtime/freeze) writes the definitions when the program is built.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gen {

// A file below runtime/modules/: "asyncio/locks.gen", "heapq.gen".
struct EmbeddedFile {
    std::string_view path;
    std::string_view text;
    const uint8_t* image;  // of its code: see vm/code/image.h
};

// A definition of runtime/prelude*.gen: code that binds the name.
struct EmbeddedDefinition {
    std::string_view name;
    const uint8_t* image;
};

// All of them, sorted by path and by name.
std::span<const EmbeddedFile> embedded_files();
std::span<const EmbeddedDefinition> embedded_definitions();

}  // namespace gen
