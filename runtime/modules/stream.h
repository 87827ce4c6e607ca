// What print() needs of _stream.
#pragma once
#include "vm/exec/vm.h"

namespace gen {

// Writes well-formed UTF-8 to a file of io, when nothing is in the way of it; false: file.write() is to be called.
bool write_to_stream(VM&, Value file, std::string_view text);

}  // namespace gen
