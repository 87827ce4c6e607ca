// The mini-language of format specifications, for numbers and strings.
#pragma once
#include "vm/exec/text.h"

namespace gen {

struct FormatSpec {
    std::string_view fill = " ";  // one character
    char align = 0;               // < > = ^; 0: the type's own
    char sign = 0;                // + - space; 0: none given
    bool zero_minus = false;      // z
    bool alternate = false;       // #
    int64_t width = -1;
    char thousands = 0;  // , or _
    int64_t precision = -1;
    char32_t type = 0;
    bool nul = false;  // the type is a NUL, which floats alone take for none given
};

// Each formats by the specification; wrong ones are ValueErrors. `type_name`: what the message calls the
// value.
Outcome format_str(VM&, Str* s, std::string_view spec);
Outcome format_int(VM&, Value v, std::string_view spec);
Outcome format_float(VM&, double d, std::string_view spec);
Outcome format_complex(VM&, double real, double imag, std::string_view spec);

// What % formatting shares: digits of an int in base 8, 10 or 16.
Outcome too_many_digits(VM&);
inline constexpr uint16_t kPercentLocals = 7;  // registers behind the parameters of __mod__

}  // namespace gen
