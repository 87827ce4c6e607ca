#include "runtime/types/bytes_methods.h"
#include "runtime/types/types.h"

namespace gen {

static Outcome of_class(VM& vm, Value cls, Outcome bytes) {
    if (!bytes.is_value() || cls.is(Value::object(vm.type(kShapeBytes)))) return bytes;
    return vm.checked(bytes_of_class(vm, cls.as<Class>(), view_of(bytes.value().as<Bytes>())));
}

static Outcome bytes_new(VM& vm, Value* args) {
    if (!checked_class(vm, args[0], kShapeBytes)) return Outcome::raised();
    return of_class(vm, args[0], bytes_from_source(vm, args[1], args[2], args[3], false));
}

static Outcome finish_new(VM& vm, NativeFrame& frame, Value bytes) { return of_class(vm, frame[0], bytes); }
static Outcome bytes_new_step(VM& vm, NativeFrame& frame) {
    return bytes_from_source_step(vm, frame, false, finish_new);
}

static Outcome bytes_hash_native(VM& vm, Value* args) {
    return hash_value(vm, hash_bytes(vm.hash_key, args[0].as<Bytes>()));
}
static Outcome bytes_bytes(VM& vm, Value* args) {
    return args[0].as_object()->shape == kShapeBytes ? Outcome(args[0])
                                                     : bytes_result(vm, args[0], bytes_of(args[0]));
}
static Outcome bytes_getnewargs(VM& vm, Value* args) {
    Outcome o = bytes_result(vm, args[0], bytes_of(args[0]));
    return o.is_value() ? Outcome(vm.tuple({o.value()})) : o;
}

static const NativeDef kBytesMethods[] = {
    {.signature = "__new__(cls, source=b'', encoding=None, errors=None)",
     .fn = bytes_new,
     .step = bytes_new_step,
     .locals = kSourceLocals,
     .flags = kStaticNative,
     .doc = "Create and return a new object.  See help(type) for accurate signature."},
    {.signature = "__hash__(self, /)", .fn = bytes_hash_native, .doc = "Return hash(self)."},
    {.signature = "__bytes__(self, /)", .fn = bytes_bytes, .doc = "Convert this value to exact type bytes."},
    {.signature = "__getnewargs__(self, /)", .fn = bytes_getnewargs},
    GEN_BYTES_METHODS,
};

void define_bytes(VM& vm) {
    define_type(
        vm, {.shape = kShapeBytes,
             .methods = kBytesMethods,
             .doc = "bytes(iterable_of_ints) -> bytes\nbytes(string, encoding[, errors]) -> bytes\n"
                    "bytes(bytes_or_buffer) -> immutable copy of bytes_or_buffer\n"
                    "bytes(int) -> bytes object of size given by the parameter initialized with null bytes\n"
                    "bytes() -> empty bytes object"});
}

}  // namespace gen
