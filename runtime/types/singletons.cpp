// The classes of None, Ellipsis and NotImplemented.
#include "runtime/types/support.h"
#include "runtime/types/types.h"

namespace gen {

template <BuiltinShape shape, uint64_t bits>
static Outcome the_one(VM& vm, Value* args) {  // cls, *args, **kwargs
    Class* cls = checked_class(vm, args[0], shape);
    if (!cls) return Outcome::raised();
    if (args[1].as<Tuple>()->size || !args[2].is_unbound())
        return vm.type_error("%s takes no arguments", shape == kShapeEllipsisType
                                                          ? "EllipsisType"
                                                          : std::string(vm.class_name(cls)).c_str());
    return Value::from_bits(bits);
}

static Outcome none_bool(VM&, Value*) { return Value::false_(); }
static Outcome not_implemented_bool_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, warn(vm, kShapeDeprecationWarning,
                          "NotImplemented should not be used in a boolean context"));
    }
    return Value::true_();
}
static Outcome reduce(VM& vm, Value* args) {
    return vm.str(args[0].is_ellipsis() ? "Ellipsis" : "NotImplemented");
}

static constexpr const char* kNew = "__new__(cls, /, *args, **kwargs)";
static constexpr const char* kNewDoc =
    "Create and return a new object.  See help(type) for accurate signature.";

static const NativeDef kNone[] = {
    {.signature = kNew,
     .fn = the_one<kShapeNone_, Value::none().bits()>,
     .flags = kStaticNative,
     .doc = kNewDoc},
    {.signature = "__bool__(self, /)", .fn = none_bool},
    {.signature = "__repr__(self, /)", .fn = repr_native},
};
static const NativeDef kEllipsis[] = {
    {.signature = kNew,
     .fn = the_one<kShapeEllipsisType, Value::ellipsis().bits()>,
     .flags = kStaticNative,
     .doc = kNewDoc},
    {.signature = "__reduce__(self, /)", .fn = reduce},
    {.signature = "__repr__(self, /)", .fn = repr_native},
};
static const NativeDef kNotImplemented[] = {
    {.signature = kNew,
     .fn = the_one<kShapeNotImplementedType, Value::not_implemented().bits()>,
     .flags = kStaticNative,
     .doc = kNewDoc},
    {.signature = "__bool__(self, /)", .step = not_implemented_bool_step},
    {.signature = "__reduce__(self, /)", .fn = reduce},
    {.signature = "__repr__(self, /)", .fn = repr_native},
};

void define_singletons(VM& vm) {
    define_type(vm, {.shape = kShapeNone_, .methods = kNone});
    define_type(vm, {.shape = kShapeEllipsisType, .methods = kEllipsis});
    define_type(vm, {.shape = kShapeNotImplementedType, .methods = kNotImplemented});
    for (BuiltinShape shape : {kShapeNone_, kShapeEllipsisType, kShapeNotImplementedType})
        vm.type(shape)->class_flags |= Class::kFinal;
}

}  // namespace gen
