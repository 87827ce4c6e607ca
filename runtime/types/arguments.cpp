#include "runtime/types/arguments.h"

#include "runtime/types/types.h"
#include "vm/exec/arithmetic.h"
#include "vm/exec/iterators.h"
#include "vm/exec/ops.h"
#include "vm/exec/step.h"

namespace gen {

// ---- conversions by the script's methods. Register behind the parameters: the argument at hand.

enum class Wanted : uint8_t { Index, Float, Complex };

static bool to_be_converted(VM& vm, Value v, Wanted wanted) {
    if (v.is_unbound() || is_int_like(v)) return false;
    if (wanted == Wanted::Index) return !vm.special(v, Special::Index).is_unbound();
    if (is_float(v) || is_complex(v)) return false;
    if (wanted == Wanted::Complex && !vm.special(v, Special::Complex).is_unbound()) return true;
    return !vm.special(v, Special::Float).is_unbound() || !vm.special(v, Special::Index).is_unbound();
}

static Special converter(VM& vm, Value v, Wanted wanted) {
    if (wanted == Wanted::Complex && !vm.special(v, Special::Complex).is_unbound()) return Special::Complex;
    if (wanted != Wanted::Index && !vm.special(v, Special::Float).is_unbound()) return Special::Float;
    return Special::Index;
}

static bool right_type(Special s, Value v) {
    return s == Special::Index ? is_int_like(v) : s == Special::Float ? is_float(v) : is_complex(v);
}

static Outcome wrong_type(VM& vm, Special s, Value of, Value result) {
    if (s == Special::Index)
        return vm.type_error("__index__ returned non-int (type %s)", vm.type_name(result));
    if (s == Special::Float)
        return vm.type_error("%s.__float__ returned non-float (type %s)",
                             std::string(vm.type_name(of)).c_str(),
                             std::string(vm.type_name(result)).c_str());
    return vm.type_error("__complex__ returned non-complex (type %s)", vm.type_name(result));
}

static Outcome convert_and_run(VM& vm, NativeFrame& frame, Wanted wanted, unsigned first) {
    enum : uint32_t { kConverted = 1, kRan, kResolved };
    const NativeDef* def = frame.native()->def;
    // The first one that is still to be converted: the same before the call and after it.
    auto next = [&] {
        unsigned i = first;
        while (i < def->signature.parameters() && !to_be_converted(vm, frame[i], wanted)) i++;
        return i;
    };
    unsigned i;
    Value v;
    Special s;
    switch (frame.step_state()) {
        case 0:
            if (first == 1 && frame[1].is_object() && frame[1].as_object()->kind == Kind::Slice) {
                AWAIT(kResolved, resolve_slice(vm, frame[1]));
                frame[1] = frame.result();
            }
            while ((i = next()) < def->signature.parameters()) {
                v = frame[i];
                s = converter(vm, v, wanted);
                AWAIT(kConverted, call_found(vm, s, vm.special(v, s), v))
                i = next();
                v = frame[i];
                s = converter(vm, v, wanted);
                if (!right_type(s, frame.result())) return wrong_type(vm, s, v, frame.result());
                frame[i] = frame.result();
            }
            AWAIT(kRan, def->fn(vm, &frame[0]))
            return frame.result();
    }
    return Outcome::raised();
}

Outcome step_with_index(VM& vm, NativeFrame& frame) { return convert_and_run(vm, frame, Wanted::Index, 1); }
Outcome step_with_index_all(VM& vm, NativeFrame& frame) {
    return convert_and_run(vm, frame, Wanted::Index, 0);
}
Outcome step_with_float(VM& vm, NativeFrame& frame) { return convert_and_run(vm, frame, Wanted::Float, 0); }
Outcome step_with_complex(VM& vm, NativeFrame& frame) {
    return convert_and_run(vm, frame, Wanted::Complex, 0);
}

// ---- readers

bool get_int(VM& vm, Value v, Value& out, Outcome& failure) {
    if (v.is_unbound()) return true;
    if (is_int_like(v)) {
        out = v;
        return true;
    }
    failure = has_index(vm, v)
                  ? Outcome::unhandled()
                  : vm.type_error("'%s' object cannot be interpreted as an integer", vm.type_name(v));
    return false;
}

bool get_size(VM& vm, Value v, int64_t& out, Outcome& failure) {
    Value i;
    if (v.is_unbound()) return true;
    if (!get_int(vm, v, i, failure)) return false;
    if (int_to_int64(i, out)) return true;
    failure = vm.raise(kShapeOverflowError, "Python int too large to convert to C ssize_t");
    return false;
}

bool get_c_int(VM& vm, Value v, int64_t& out, Outcome& failure) {
    Value i;
    int64_t n;
    if (v.is_unbound()) return true;
    if (!get_int(vm, v, i, failure)) return false;
    if (!int_to_int64(i, n) || n != int32_t(n)) {
        failure = vm.raise(kShapeOverflowError, "Python int too large to convert to C int");
        return false;
    }
    out = n;
    return true;
}

bool get_bound(VM& vm, Value v, int64_t& out, Outcome& failure) {
    if (v.is_unbound() || v.is_none()) return true;
    if (is_int_like(v)) {
        out = int_clamp(v);
        return true;
    }
    failure = has_index(vm, v)
                  ? Outcome::unhandled()
                  : vm.type_error("slice indices must be integers or None or have an __index__ method");
    return false;
}

bool get_range(VM& vm, Value start, Value stop, int64_t length, int64_t& from, int64_t& to,
               Outcome& failure) {
    from = 0;
    to = length;
    if (!get_bound(vm, start, from, failure) || !get_bound(vm, stop, to, failure)) return false;
    auto place = [length](int64_t i) { return i >= 0 ? i : i + length < 0 ? 0 : i + length; };
    from = place(from);
    to = std::min(place(to), length);
    return true;
}

bool get_flag(VM& vm, Value v, bool& out, Outcome& failure) {
    if (v.is_unbound()) return true;
    Fast f = fast_truth(v);
    if (f != Fast::Unhandled) {
        out = f == Fast::True;
        return true;
    }
    Outcome o = op_truth(vm, v);
    if (o.is_value()) {
        out = o.value().is_true();
        return true;
    }
    failure = o.is_raised() ? o : vm.type_error("a flag must be True or False, not %s", vm.type_name(v));
    return false;
}

bool get_real(VM& vm, Value v, double& out, Outcome& failure) {
    switch (to_real(vm, v, out)) {
        case ToReal::Ok:
            return true;
        case ToReal::Raised:
            failure = Outcome::raised();
            return false;
        case ToReal::NotANumber:
            break;
    }
    failure = to_be_converted(vm, v, Wanted::Float)
                  ? Outcome::unhandled()
                  : vm.type_error("must be real number, not %s", vm.type_name(v));
    return false;
}

bool is_bytes_like(Value v) {
    return is_bytes(v) || is_bytearray(v) || (v.is_object() && v.as_object()->kind == Kind::MemoryView);
}

bool view_bytes(VM&, Value v, std::string_view& out, std::string& scratch) {
    if (is_bytes(v))
        out = view_of(v.as<Bytes>());
    else if (is_bytearray(v))
        out = view_of(v.as<ByteArray>());
    else if (v.is_object() && v.as_object()->kind == Kind::MemoryView &&
             !v.as<MemoryView>()->base.is_unbound()) {
        auto* m = v.as<MemoryView>();
        std::string_view all =
            is_bytes(m->base) ? view_of(m->base.as<Bytes>()) : view_of(m->base.as<ByteArray>());
        // The bytearray may have shrunk since.
        auto first = std::min(size_t(m->start), all.size());
        if (m->step == 1) {
            out = all.substr(first, size_t(m->length));
            return true;
        }
        scratch.clear();
        for (int64_t i = 0; i < m->length; i++)
            if (size_t at = size_t(m->start + i * m->step); at < all.size()) scratch.push_back(all[at]);
        out = scratch;
    } else {
        return false;
    }
    return true;
}

// ---- instances

Class* checked_class(VM& vm, Value cls, BuiltinShape base) {
    if (cls.is(Value::object(vm.type(base)))) return vm.type(base);
    std::string name(vm.class_name(vm.type(base)));
    if (!cls.is_object() || cls.as_object()->kind != Kind::Class) {
        vm.type_error("%s.__new__(X): X is not a type object (%s)", name.c_str(), vm.type_name(cls));
        return nullptr;
    }
    if (!vm.is_subclass(cls.as<Class>(), vm.type(base))) {
        std::string other(vm.class_name(cls.as<Class>()));
        vm.type_error("%s.__new__(%s): %s is not a subtype of %s", name.c_str(), other.c_str(), other.c_str(),
                      name.c_str());
        return nullptr;
    }
    // The built-in class that decides about the layout has to be the one whose __new__ this is.
    Class* solid = cls.as<Class>();
    while (solid->base && (solid->class_flags & Class::kHeapType)) solid = solid->base;
    if (!solid->specials[int(Special::New)].is(vm.type(base)->specials[int(Special::New)])) {
        std::string other(vm.class_name(cls.as<Class>()));
        vm.type_error("%s.__new__(%s) is not safe, use %s.__new__()", name.c_str(), other.c_str(),
                      std::string(vm.class_name(solid)).c_str());
        return nullptr;
    }
    return cls.as<Class>();
}

Value int_of_class(VM& vm, Class* cls, Value v) {
    if (cls == vm.type(kShapeInt)) return int_exact(vm.heap, v);
    IntView view(v);
    auto* i = static_cast<Int*>(allocate_instance(vm, cls, view.size * 8));
    if (!i) return Value::unbound();
    std::memcpy(i->limbs, view.limbs, view.size * 8);
    i->size = view.negative ? -int64_t(view.size) : int64_t(view.size);
    return Value::object(i);
}

Value float_of_class(VM& vm, Class* cls, double d) {
    if (cls == vm.type(kShapeFloat)) return vm.real(d);
    auto* f = static_cast<Float*>(allocate_instance(vm, cls));
    if (f) f->value = d;
    return f ? Value::object(f) : Value::unbound();
}

Value str_of_class(VM& vm, Class* cls, Str* s) {
    if (cls == vm.type(kShapeStr) && s->shape == kShapeStr) return Value::object(s);
    if (cls == vm.type(kShapeStr)) {
        Str* copy = make_str(vm.heap, s->view());
        return copy ? Value::object(copy) : Value::unbound();
    }
    auto* copy = static_cast<Str*>(allocate_instance(vm, cls, size_t(s->size) + 1));
    if (!copy) return Value::unbound();
    std::memcpy(copy->own, s->data(), s->size);
    copy->own[s->size] = 0;
    copy->size = s->size;
    finish_str(copy);
    return Value::object(copy);
}

Value bytes_of_class(VM& vm, Class* cls, std::string_view data) {
    Bytes* b = cls == vm.type(kShapeBytes) ? make_bytes_uninitialized(vm.heap, data.size())
                                           : static_cast<Bytes*>(allocate_instance(vm, cls, data.size() + 1));
    if (!b) return Value::unbound();
    b->hash = 0;
    b->size = data.size();
    if (!data.empty()) std::memcpy(b->data, data.data(), data.size());
    b->data[data.size()] = 0;
    return Value::object(b);
}

}  // namespace gen
