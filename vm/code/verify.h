// Checks that a Code is well-formed, so that the interpreter need not: registers and windows lie inside the
// frame, jumps and exception targets land on instructions, constants exist and are names where names are
// needed, nothing falls off the end.
#pragma once
#include "vm/code/code.h"

#include <string>

namespace gen {

std::string verify_one(const Code& code);  // without the codes among its constants
// The first thing wrong with the code or one of the codes among its constants; empty when all is well.
std::string verify(const Code& code);

}  // namespace gen
