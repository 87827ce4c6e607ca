// Code as bytes. An image holds a code object and all the codes among its constants: instructions, constants of every
// kind, names, exception table, positions, flags. Instructions stand in it as the compiler made them: never quickened, their
// caches empty.
//
// Two ways back. read_image() takes bytes from anywhere, checks them, and makes whole code objects that do not refer to the bytes.
// What it checks makes reading safe and finds every damage; it cannot tell whether code that somebody wrote by hand means well (a
// register may hold another kind of value than an instruction expects), so an image deserves the trust that a program does.
// frozen_code() is for images in the program's own constant data: of those a code is *read* in two steps, what is needed for
// making a function at once, the rest when it is first called or looked into (read_code).
//
// Layout, all numbers little-endian:
//
//      header       kImageHeader: magic, version, checksum, size, numbers of strings and of codes
//      string ends  u32 for each string: where it ends in the data << 1 | it is interned
//      code table   ImageCode for each code; offsets from the start of the image. Number 0 is the image's own
//      data         the strings, then the records of the codes
//
// A code's three records are sequences of varints (LEB128; signed numbers in zigzag) and, where said, bytes:
//
//      head       name qualname filename (numbers of strings)  doc (0 unbound, 1 None, 2 + string)  flags registers
//                 positional_only positional keyword_only  locals_register (0 none, else + 1)  first_line  self_attributes
//      body       locals cell_names free_names (number of each, then strings)  cell_parameters (number, registers)
//                 exceptions (number, then of each: start - end of the one before, end - start, target, reg)
//                 constants (their number; the number of items that follow; items, see ImageItem)
//                 instructions (number of words, the words)
//      positions  number, then of each: pc - that before, zigzag line - that before, zigzag end_line - line,
//                 column + 1 and end_column + 1 (0: none)
//
// The items of the constants build them on a stack: a tuple takes what it holds from there.
#pragma once
#include "vm/code/code.h"
#include "vm/data/string.h"

#include <span>

namespace gen {

// Changes with the layout, the instruction set and the numbering of flags.
uint32_t image_version();

struct ImageHeader {
    char magic[4];  // "GENC"
    uint32_t version;
    uint64_t checksum;  // of all that stands behind it
    uint32_t size;      // of the whole image
    uint32_t strings, codes;
    uint32_t data;  // where the data begin
};
static_assert(sizeof(ImageHeader) == 32);

struct ImageCode {
    uint32_t head, body, positions, end;
};

enum class ImageItem : uint8_t {
    Special,    // u8: the bits of a constant below 64
    Int,        // zigzag
    BigInt,     // sign << 0 | limbs << 1, the limbs as 8 bytes each
    Float,      // 8 bytes
    Complex,    // 16 bytes
    Str,        // number of the string
    Bytes,      // size, bytes
    Tuple,      // size
    FrozenSet,  // size
    Code,       // number
    kCount
};

// False: `error` says why not (a constant of a kind that no compiler makes; a code that is not read).
bool write_image(const Code& code, std::string& image, std::string& error);

// Null: `error` says what is wrong with the bytes; it is empty when memory is short.
Code* read_image(Heap&, StringTable&, std::span<const uint8_t> image, std::string& error);

// The code of an image that is part of the program: well-formed, of this version, and there for ever. Null: out of memory.
Code* frozen_code(Heap&, StringTable&, const uint8_t* image);
bool is_of_this_version(const uint8_t* image);
// Reads what frozen_code() left out, if anything. False: out of memory.
bool read_code(Heap&, StringTable&, Code*);

// ---- for code.cpp: positions that stand in an image
PositionEntry frozen_position(const Code&, uint32_t pc);
std::vector<PositionEntry> frozen_positions(const Code&);

}  // namespace gen
