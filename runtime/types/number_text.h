// The texts that int() and float() read.
#pragma once
#include "runtime/types/support.h"
#include "vm/data/list.h"

namespace gen {

// Of a str or of bytes. Calls parse(text, shown) with the object that an error is to show. Unhandled: v is no text.
template <class Parse>
Outcome parse_number_text(VM& vm, Value v, Parse parse) {
    if (is_str(v)) return parse(v.as<Str>()->view(), v);
    std::string scratch;
    std::string_view text;
    if (!view_bytes(vm, v, text, scratch)) return Outcome::unhandled();
    Bytes* shown = make_bytes(vm.heap, text);
    if (!shown) return vm.no_room();
    const bool valid = valid_utf8(text) == text.size();
    return parse(valid ? text : std::string_view("?"), Value::object(shown));  // which is no number
}

}  // namespace gen
