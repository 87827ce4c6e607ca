#include "vm/code/code.h"

namespace gen {

static const OpInfo kOps[] = {
#define OP(name, format, words, flags, meaning) {#name, format, words, flags, meaning},
#include "vm/code/opcodes.def"
#undef OP
};

const OpInfo& op_info(Op op) { return kOps[int(op) < int(Op::kCount) ? int(op) : int(Op::NOP)]; }

const char* intrinsic_name(Intrinsic i) {
    static const char* const names[] = {
#define INTRINSIC_OP(name, arguments, meaning) #name,
#include "vm/code/intrinsics.def"
#undef INTRINSIC_OP
    };
    return int(i) < int(Intrinsic::kCount) ? names[int(i)] : "?";
}

unsigned intrinsic_arguments(Intrinsic i) {
    static const uint8_t counts[] = {
#define INTRINSIC_OP(name, arguments, meaning) arguments,
#include "vm/code/intrinsics.def"
#undef INTRINSIC_OP
    };
    return int(i) < int(Intrinsic::kCount) ? counts[int(i)] : 0;
}

const char* code_flag_name(unsigned bit) {
    static const char* const names[] = {
        "varargs", "varkeywords",        "generator",  "coroutine",          "async_generator",
        "nested",  "new_locals",         "namespace",  "iterable_coroutine", "hidden",
        "atomic",  "future_annotations", "class_body", "comprehension",      "iterable_result",
        "unbound", "native_loop"};
    static_assert(1u << (sizeof names / sizeof *names - 1) == Code::kNativeLoop,
                  "a name for each of Code::Flags");
    return bit < sizeof names / sizeof *names ? names[bit] : nullptr;
}

}  // namespace gen
