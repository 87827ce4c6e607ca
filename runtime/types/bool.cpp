#include "runtime/types/number_methods.h"
#include "runtime/types/types.h"

namespace gen {

static Outcome bool_new(VM& vm, Value* args) {
    if (!checked_class(vm, args[0], kShapeBool)) return Outcome::raised();
    return args[1].is_unbound() ? Outcome(Value::false_()) : op_truth(vm, args[1]);
}

static Outcome bool_operator(VM& vm, BinaryOp op, Value a, Value b) {
    if (!is_int_like(a) || !is_int_like(b)) return Value::not_implemented();
    return int_binary(vm, op, a, b);
}

static const NativeDef kBoolMethods[] = {
    {.signature = "__new__(cls, x=False, /)",
     .fn = bool_new,
     .flags = kStaticNative,
     .doc = "Create and return a new object.  See help(type) for accurate signature."},
    GEN_OPERATOR(bool_operator, "and", And),
    GEN_OPERATOR(bool_operator, "or", Or),
    GEN_OPERATOR(bool_operator, "xor", Xor),
    {.signature = "__repr__(self, /)", .fn = repr_native, .doc = "Return repr(self)."},
};

void define_bool(VM& vm) {
    define_type(vm, {.shape = kShapeBool,
                     .methods = kBoolMethods,
                     .doc = "bool(x) -> bool\n\nReturns True when the argument x is true, False otherwise.\n"
                            "The builtins True and False are the only two instances of the class bool.\n"
                            "The class bool is a subclass of the class int, and cannot be subclassed."});
}

}  // namespace gen
