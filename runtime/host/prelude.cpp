#include "runtime/host/prelude.h"

#include "runtime/embedded.h"
#include "vm/code/image.h"

#include <algorithm>

namespace gen {

namespace {

bool load(VM& vm, Str* name) {
    auto all = embedded_definitions();
    auto at = std::lower_bound(all.begin(), all.end(), name->view(),
                               [](const EmbeddedDefinition& d, std::string_view n) { return d.name < n; });
    if (at == all.end() || at->name != name->view()) return false;
    Value pending[] = {vm.exception, vm.caught, vm.accumulator};
    vm.exception = Value::unbound();
    vm.roots.insert(vm.roots.end(), std::begin(pending), std::end(pending));
    Code* code = library_code(vm, at->image);
    bool good = code && !vm.run_code(code, vm.prelude, Value::object(vm.prelude)).is_raised();
    vm.roots.resize(vm.roots.size() - std::size(pending));
    vm.caught = pending[1];
    vm.accumulator = pending[2];
    if (good) vm.exception = pending[0];
    return good;
}

}  // namespace

Code* library_code(VM& vm, const uint8_t* image) {
    if (!is_of_this_version(image)) {
        vm.raise(kShapeSystemError, "the library was compiled by a gen_freeze of another version");
        return nullptr;
    }
    Code* code = frozen_code(vm.heap, vm.strings, image);
    if (!code) vm.out_of_memory();
    return code;
}

Value prelude_value(VM& vm, std::string_view name) {
    Value v = vm.prelude_value(vm.intern(name));
    if (v.is_unbound() && !vm.exception.is_object())
        vm.raisef(kShapeSystemError, "the prelude has no %s", std::string(name).c_str());
    return v;
}

void define_prelude(VM& vm) {
    vm.set(vm.prelude, vm.names.name, vm.str("builtins"));
    vm.set(vm.prelude, vm.names.builtins, Value::object(vm.builtins));
    vm.load_prelude = load;
}

}  // namespace gen
