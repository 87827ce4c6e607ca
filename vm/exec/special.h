// How operations use special methods: those of built-in classes are natives, and plain natives are simply
// called.
#pragma once
#include "vm/exec/vm.h"

namespace gen {

inline Native* as_native(Value v) {
    return v.is_object() && v.as_object()->kind == Kind::Native ? v.as<Native>() : nullptr;
}
// Is it the native that object itself has?
inline bool is_object_special(const VM& vm, Value method, Special s) {
    return method.is(vm.type(kShapeObject)->specials[int(s)]);
}

// Calls `method`, found as special method `s` on the class of `self`. A plain native runs at once; whatever
// script code has to run is requested. `method` may not be unbound.
Outcome call_found(VM&, Special s, Value method, Value self, std::initializer_list<Value> args = {});

// Requests a call of a native that is no attribute of anything: the long form of an operation.
Outcome call_internal(VM&, const NativeDef&, std::initializer_list<Value> args);

// warnings.warn(text, category), if the script has imported warnings. None.
Outcome warn(VM&, BuiltinShape category, std::string_view text);

// The address that ids, default hashes and reprs are made from; of a seeded VM: a serial number.
inline uint64_t address_of(const VM& vm, Value v) { return identity_of(vm.hash_key, v); }

// Work that is more than an instruction's is charged to the budget, so that the VM looks around in time.
inline void charge(VM& vm, uint64_t steps) {
    if (steps > 1) vm.budget -= int64_t(steps < (uint64_t{1} << 40) ? steps : uint64_t{1} << 40);
}

}  // namespace gen
