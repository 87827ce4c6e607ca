// The methods of str, by file: the table is in str.cpp.
#pragma once
#include "runtime/types/arguments.h"
#include "runtime/types/support.h"

namespace gen {

// ---- shared
inline Str* text_of(Value v) { return v.as<Str>(); }
inline Outcome str_result(VM& vm, Str* s) { return s ? Outcome(Value::object(s)) : vm.out_of_memory(); }
// The same text as an exact str.
Outcome exact_str(VM& vm, Str* s);
Outcome piece_of_text(VM& vm, std::string_view text);

// ---- str_search.cpp
Outcome str_find(VM&, Value* args);
Outcome str_rfind(VM&, Value* args);
Outcome str_index(VM&, Value* args);
Outcome str_rindex(VM&, Value* args);
Outcome str_count(VM&, Value* args);
Outcome str_startswith(VM&, Value* args);
Outcome str_endswith(VM&, Value* args);
Outcome str_replace(VM&, Value* args);
Outcome str_removeprefix(VM&, Value* args);
Outcome str_removesuffix(VM&, Value* args);
Outcome str_split(VM&, Value* args);
Outcome str_rsplit(VM&, Value* args);
Outcome str_partition(VM&, Value* args);
Outcome str_rpartition(VM&, Value* args);
Outcome str_splitlines(VM&, Value* args);
Outcome str_strip(VM&, Value* args);
Outcome str_lstrip(VM&, Value* args);
Outcome str_rstrip(VM&, Value* args);

// ---- str_case.cpp
Outcome str_isalnum(VM&, Value* args);
Outcome str_isalpha(VM&, Value* args);
Outcome str_isascii(VM&, Value* args);
Outcome str_isdecimal(VM&, Value* args);
Outcome str_isdigit(VM&, Value* args);
Outcome str_isidentifier(VM&, Value* args);
Outcome str_islower(VM&, Value* args);
Outcome str_isnumeric(VM&, Value* args);
Outcome str_isprintable(VM&, Value* args);
Outcome str_isspace(VM&, Value* args);
Outcome str_istitle(VM&, Value* args);
Outcome str_isupper(VM&, Value* args);
Outcome str_upper(VM&, Value* args);
Outcome str_lower(VM&, Value* args);
Outcome str_title(VM&, Value* args);
Outcome str_capitalize(VM&, Value* args);
Outcome str_swapcase(VM&, Value* args);
Outcome str_casefold(VM&, Value* args);
Outcome str_center(VM&, Value* args);
Outcome str_ljust(VM&, Value* args);
Outcome str_rjust(VM&, Value* args);
Outcome str_zfill(VM&, Value* args);
Outcome str_expandtabs(VM&, Value* args);

// ---- str_translate.cpp
Outcome str_maketrans(VM&, Value* args);
Outcome str_translate(VM&, Value* args);
Outcome str_translate_step(VM&, NativeFrame&);
Outcome str_join(VM&, Value* args);
Outcome str_join_step(VM&, NativeFrame&);

// ---- str_format.cpp
Outcome str_format_simple(VM&, Value* args);  // where nothing is asked of the script
Outcome str_format(VM&, NativeFrame&);        // format(self, *args, **kwargs); locals: kFormatLocals
Outcome str_format_map(VM&, NativeFrame&);
inline constexpr uint16_t kFormatLocals = 16;

// ---- str_percent.cpp
Outcome str_percent(VM&, Value* args);  // self % value
Outcome str_percent_step(VM&, NativeFrame&);
Outcome bytes_percent(VM&, Value* args);
Outcome bytes_percent_step(VM&, NativeFrame&);

}  // namespace gen
