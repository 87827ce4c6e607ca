#include "runtime/modules/descriptor.h"

#include <cmath>

namespace gen {

bool network_granted(VM& vm) {
    if (runtime_of(vm).grants.network) return true;
    vm.raise(kShapePermissionError, "the host does not grant access to the network");
    return false;
}
bool processes_granted(VM& vm) {
    if (runtime_of(vm).grants.processes) return true;
    vm.raise(kShapePermissionError, "the host does not grant processes and signals");
    return false;
}

bool descriptors_granted(VM& vm) {
    const Grants& g = runtime_of(vm).grants;
    if (g.files || g.network || g.processes) return true;
    vm.raise(kShapePermissionError, "the host does not grant access to files");
    return false;
}

Outcome file_name(VM& vm, std::string_view name) {
    std::string text;
    while (!name.empty()) {
        size_t n = valid_utf8(name);
        text += name.substr(0, n);
        name.remove_prefix(n);
        if (!name.empty()) {
            text += "\xef\xbf\xbd";
            name.remove_prefix(1);
        }
    }
    return vm.checked(vm.str(text));
}

bool get_number(VM& vm, Value v, int64_t& out) {
    if (v.is_unbound()) return true;
    if (!is_int_like(v)) {
        vm.type_error("'%s' object cannot be interpreted as an integer", vm.type_name(v));
        return false;
    }
    out = int_clamp(v);
    if (out == int32_t(out)) return true;
    vm.raise(kShapeOverflowError,
             out < 0 ? "signed integer is less than minimum" : "signed integer is greater than maximum");
    return false;
}

bool writable_bytes(VM& vm, Value v, uint8_t*& data, size_t& size, const char* caller) {
    int64_t start = 0, length = -1;
    Value base = v;
    if (v.is_object() && v.as_object()->kind == Kind::MemoryView) {
        auto* view = v.as<MemoryView>();
        if (view->step == 1) base = view->base, start = view->start, length = view->length;
    }
    if (!is_bytearray(base)) {
        vm.type_error("%s() argument 1 must be read-write bytes-like object, not %s", caller,
                      vm.type_name(v));
        return false;
    }
    auto* bytes = base.as<ByteArray>();
    size = length < 0 ? bytes->size : size_t(length);
    data = size ? bytes->buffer->data + start : nullptr;
    return true;
}

Value deadline_after(VM& vm, Value seconds) {
    double s = 0;
    Outcome failure = Value::none();
    if (seconds.is_unbound() || seconds.is_none()) return Value::none();
    if (!get_real(vm, seconds, s, failure)) {
        if (failure.is_unhandled())
            vm.type_error("a timeout is a number or None, not '%s'", vm.type_name(seconds));
        return Value::unbound();
    }
    if (!(s < 9e9)) return Value::none();
    return Value::integer(vm.clock->now() + int64_t(std::ceil(std::max(s, 0.0) * 1e9)));
}

Outcome timed_out(VM& vm) { return vm.raise(kShapeTimeoutError, "timed out"); }

}  // namespace gen
