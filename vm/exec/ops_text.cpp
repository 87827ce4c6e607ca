// repr, str, ascii and format of any values.
#include "vm/exec/lookup.h"
#include "vm/exec/ops.h"
#include "vm/exec/repr.h"
#include "vm/exec/step.h"

namespace gen {

// ---- repr

Outcome repr_by_layout(VM& vm, Value v) {
    if (v.is_int()) return Value::object(int_to_str(vm.heap, v));
    ReprRun run(vm);
    ReprRun::Progress p = run.write_by_layout(v);
    return finish_repr(vm, run, p == ReprRun::Progress::Finished ? run.resume() : p);
}

Outcome repr_native(VM& vm, Value* args) { return repr_by_layout(vm, args[0]); }

Outcome object_repr_native(VM& vm, Value* args) {
    StringBuilder out(vm.heap);
    append_default_repr(vm, out, args[0]);
    return finish(vm, out);
}

Value fast_repr(VM& vm, Value v) {
    if (v.is_int()) return Value::object(int_to_str(vm.heap, v));  // small ones always succeed
    ReprRun run(vm);
    if (run.start(v) != ReprRun::Progress::Finished) {
        run.give_up();
        return Value::unbound();
    }
    Str* text = run.out().finish();
    return text ? Value::object(text) : Value::unbound();
}

// text(object, which): which special method, and that its result is a str.
static Outcome text_step(VM& vm, NativeFrame& frame) {
    auto which = Special(frame[1].as_int());
    Value method;
    switch (frame.step_state()) {
        case 0:
            method = vm.special(frame[0], which);
            AWAIT(1, call_found(vm, which, method, frame[0]))
            if (!is_str(frame.result()))
                return vm.type_error("%s returned non-string (type %s)",
                                     which == Special::Repr ? "__repr__" : "__str__",
                                     vm.type_name(frame.result()));
            return frame.result();
    }
    return Outcome::raised();
}
static const NativeDef kText = {"str(object, which, /)", nullptr, text_step, 0, kHiddenNative};

Outcome op_repr(VM& vm, Value v) {
    if (has_layout_repr(v)) return repr_by_layout(vm, v);
    Value method = vm.special(v, Special::Repr);
    if (method.is_unbound()) return object_repr_native(vm, &v);
    if (inherits_native(vm, v, Special::Repr)) return call_found(vm, Special::Repr, method, v);
    return call_internal(vm, kText, {v, Value::integer(int64_t(Special::Repr))});
}

// ---- str

static bool has_own_str(VM& vm, Value v) {
    Value method = vm.special(v, Special::Str);
    if (method.is_unbound()) return false;
    Native* n = as_native(method);
    return !(n && n->def->fn == object_str_native) && !is_object_special(vm, method, Special::Str);
}

Outcome object_str_native(VM& vm, Value* args) { return op_repr(vm, args[0]); }

Value fast_str(VM& vm, Value v) {
    if (v.is_int()) {
        Str* s = int_to_str(vm.heap, v);  // a small one
        return s ? Value::object(s) : Value::unbound();
    }
    if (is_exact_str(v)) return v;
    if (v.is_object() && has_own_str(vm, v)) return Value::unbound();
    return fast_repr(vm, v);
}

Outcome op_str(VM& vm, Value v) {
    if (is_exact_str(v)) return v;
    if (!v.is_object()) return repr_by_layout(vm, v);
    if (!has_own_str(vm, v)) return op_repr(vm, v);
    Value method = vm.special(v, Special::Str);
    if (inherits_native(vm, v, Special::Str)) return call_found(vm, Special::Str, method, v);
    return call_internal(vm, kText, {v, Value::integer(int64_t(Special::Str))});
}

// ---- ascii

static Outcome ascii_of(VM& vm, Value text) {
    auto* s = text.as<Str>();
    if (s->ascii()) return text;
    StringBuilder out(vm.heap);
    const char* p = s->data();
    for (const char* end = p + s->size; p < end;) {
        char32_t c = decode_utf8(p);
        char escape[16];
        if (c < 0x80)
            out.append(char(c));
        else
            out.append({escape, size_t(snprintf(escape, sizeof escape,
                                                c < 0x100     ? "\\x%02x"
                                                : c < 0x10000 ? "\\u%04x"
                                                              : "\\U%08x",
                                                unsigned(c)))});
    }
    return finish(vm, out);
}

static Outcome ascii_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_repr(vm, frame[0]))
            return ascii_of(vm, frame.result());
    }
    return Outcome::raised();
}
static const NativeDef kAscii = {"ascii(object, /)", nullptr, ascii_step, 0, kHiddenNative};

Outcome op_ascii(VM& vm, Value v) {
    Value text = fast_repr(vm, v);
    return text.is_unbound() ? call_internal(vm, kAscii, {v}) : ascii_of(vm, text);
}

// ---- format

Outcome object_format_native(VM& vm, Value* args) {
    if (!is_str(args[1]))
        return vm.type_error("__format__() argument must be str, not %s", vm.type_name(args[1]));
    if (args[1].as<Str>()->size)
        return vm.type_error("unsupported format string passed to %s.__format__", vm.type_name(args[0]));
    return op_str(vm, args[0]);
}

static Outcome format_step(VM& vm, NativeFrame& frame) {
    Value method;
    switch (frame.step_state()) {
        case 0:
            method = vm.special(frame[0], Special::Format);
            AWAIT(1, call_found(vm, Special::Format, method, frame[0], {frame[1]}))
            if (!is_str(frame.result()))
                return vm.type_error("__format__ must return a str, not %s", vm.type_name(frame.result()));
            return frame.result();
    }
    return Outcome::raised();
}
static const NativeDef kFormat = {"format(object, format_spec, /)", nullptr, format_step, 0, kHiddenNative};

Outcome op_format(VM& vm, Value v, Value spec) {
    if (spec.as<Str>()->size == 0) {
        if (is_exact_str(v)) return v;
        if (is_exact_int(v) || is_exact_float(v)) return repr_by_layout(vm, v);
    }
    Value method = vm.special(v, Special::Format);
    if (method.is_unbound()) {
        Value args[] = {v, spec};
        return object_format_native(vm, args);
    }
    if (inherits_native(vm, v, Special::Format)) return call_found(vm, Special::Format, method, v, {spec});
    return call_internal(vm, kFormat, {v, spec});
}

Outcome surrogates_not_allowed(VM& vm, Value text) {
    const Str* s = text.as<Str>();
    auto is_surrogate = [](char32_t c) { return c >= 0xd800 && c <= 0xdfff; };
    const char* p = s->data();
    int64_t start = 0;
    while (p < s->data() + s->size && !is_surrogate(decode_utf8(p))) start++;
    int64_t end = start + 1;
    while (p < s->data() + s->size && is_surrogate(decode_utf8(p))) end++;
    return vm.raise(kShapeUnicodeEncodeError, {vm.str("utf-8"), text, vm.integer(start), vm.integer(end),
                                               vm.str("surrogates not allowed")});
}

}  // namespace gen
