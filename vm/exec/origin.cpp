// Coroutines that nobody awaits: where they were made, and the warning.
#include "vm/exec/exec.h"

namespace gen {

static uint32_t line_at(const Frame* f) {
    const ptrdiff_t offset = f->pc - f->code()->entry();
    const uint32_t line = offset < 0 ? 0 : position_of(*f->code(), uint32_t(offset)).line;
    return line ? line : f->code()->first_line;
}

void note_origin(VM& vm, Frame* coroutine, Frame* caller) {
    List* levels = make_list(vm.heap);
    for (Frame* f = caller; f && levels && int64_t(levels->size) < vm.origin_depth; f = f->parent) {
        if (f->is_native() || f->code()->code_flags & Code::kHidden) continue;
        Value level = vm.tuple({f->code()->filename, Value::integer(line_at(f)), f->code()->name});
        if (!list_append(vm.heap, levels, level)) return;  // without memory it has no origin
    }
    if (!levels) return;
    Tuple* origin = make_tuple(vm.heap, levels->items->items, levels->size);
    if (origin) vm.coroutine_origins.push_back({coroutine, Value::object(origin)});
}

Value origin_of(const VM& vm, Value coroutine) {
    for (const auto& [made, origin] : vm.coroutine_origins)
        if (coroutine.is_object() && coroutine.as_object() == made) return origin;
    return Value::none();
}

void note_unawaited(VM& vm, Value v) {
    if (v.is_object() && v.as_object()->shape == kShapeCoroutine && v.as_object()->state == kCreated)
        vm.register_finalizer(v.as_object());
}

Outcome warn_unawaited(VM& vm, Object* coroutine) {
    coroutine->flags |= kFinalized;
    return vm.call_prelude(vm.names.warn_unawaited, {Value::object(coroutine)});
}

}  // namespace gen
