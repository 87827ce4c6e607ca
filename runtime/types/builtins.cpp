// The module builtins.
#include "runtime/types/builtins.h"
#include "runtime/types/types.h"

namespace gen {

static constexpr BuiltinShape kPublicClasses[] = {
    kShapeObject,  kShapeType,          kShapeInt,       kShapeBool,        kShapeFloat,
    kShapeComplex, kShapeStr,           kShapeBytes,     kShapeByteArray,   kShapeMemoryView,
    kShapeTuple,   kShapeList,          kShapeDict,      kShapeSet,         kShapeFrozenSet,
    kShapeRange,   kShapeSlice,         kShapeProperty,  kShapeClassMethod, kShapeStaticMethod,
    kShapeSuper,   kShapeReversed,      kShapeEnumerate, kShapeZip,         kShapeMap,
    kShapeFilter,  kShapeBaseException,
#define CLASS(id, name, base, kind)
#define EXCEPTION(id, base, slots) kShape##id,
#include "vm/data/classes.def"
#undef CLASS
#undef EXCEPTION
};

void define_builtins(VM& vm) {
    Dict* names = vm.builtins;
    Value module = Value::object(vm.intern("builtins"));
    for (auto functions :
         {print_functions(), iteration_functions(), attribute_functions(), number_functions()})
        for (const NativeDef& def : functions) {
            std::string_view text = def.signature.text;
            vm.set(names, text.substr(0, text.find('(')), make_native(vm, def, module));
        }
    for (BuiltinShape id : kPublicClasses)
        vm.set(names, vm.class_name(vm.type(id)), Value::object(vm.type(id)));
    vm.set(names, "EnvironmentError", Value::object(vm.type(kShapeOSError)));
    vm.set(names, "IOError", Value::object(vm.type(kShapeOSError)));
    vm.set(names, "None", Value::none());
    vm.set(names, "False", Value::false_());
    vm.set(names, "True", Value::true_());
    vm.set(names, "NotImplemented", Value::not_implemented());
    vm.set(names, "Ellipsis", Value::ellipsis());
    vm.set(names, "__debug__", Value::true_());
}

}  // namespace gen
