// Text encodings: str.encode, bytes.decode, str(bytes, encoding).
#pragma once
#include "runtime/types/arguments.h"

namespace gen {

// `encoding` and `errors` as scripts name them. A Str, or raised: LookupError, UnicodeDecodeError (which
// shows `object`).
Outcome decode_text(VM&, std::string_view bytes, Value object, std::string_view encoding,
                    std::string_view errors);
// A Bytes, or raised.
Outcome encode_text(VM&, Str* text, std::string_view encoding, std::string_view errors);

// Reads the arguments of encode() and decode(): a str or unbound. False: raised.
bool get_codec_names(VM&, const char* function, Value encoding, Value errors, std::string_view& encoding_out,
                     std::string_view& errors_out);

}  // namespace gen
