// The texts of values that hold no others (or show them by name only).
#include "vm/exec/repr.h"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace gen {

void append_address(VM& vm, StringBuilder& out, Value v) {
    char text[24];
    out.append(
        {text, size_t(snprintf(text, sizeof text, "0x%llx", (unsigned long long)(address_of(vm, v))))});
}

static void append_value_text(StringBuilder& out, Value v) {
    if (is_str(v))
        out.append(v.as<Str>());
    else
        out.append("?");
}

void append_class_name(VM&, StringBuilder& out, const Class* cls) {
    if (is_str(cls->module) && cls->module.as<Str>()->view() != "builtins") {
        out.append(cls->module.as<Str>());
        out.append('.');
    }
    append_value_text(out, cls->qualname);
}

void append_default_repr(VM& vm, StringBuilder& out, Value v) {
    out.append('<');
    append_class_name(vm, out, vm.class_of(v));
    out.append(" object at ");
    append_address(vm, out, v);
    out.append('>');
}

bool append_type_name(VM& vm, StringBuilder& out, Value v, bool in_union) {
    if (v.is_ellipsis()) {
        out.append("...");
        return true;
    }
    if (!v.is_object()) return false;
    auto append = [&](Value module, auto append_name) {
        if (!is_str(module)) return false;
        if (module.as<Str>()->view() != "builtins") {
            out.append(module.as<Str>());
            out.append('.');
        }
        append_name();
        return true;
    };
    switch (v.as_object()->kind) {
        case Kind::Class:
            if (in_union && v.is(Value::object(vm.type(kShapeNone_))))
                out.append("None");
            else
                append_class_name(vm, out, v.as<Class>());
            return true;
        case Kind::Function:
            return append(v.as<Function>()->module,
                          [&] { append_value_text(out, v.as<Function>()->qualname); });
        case Kind::Native:
            return append(v.as<Native>()->module, [&] { append_native_qualname(vm, out, v.as<Native>()); });
        default:
            return false;
    }
}

// Imaginary and real parts show without ".0".
static void append_part(StringBuilder& out, double d, bool sign) {
    std::string text;
    if (sign && !std::signbit(d)) text += '+';
    if (std::isnan(d))
        text = sign ? "+nan" : "nan";
    else
        float_format(d, 'r', -1, false, text);
    if (text.size() > 2 && text.ends_with(".0")) text.resize(text.size() - 2);
    out.append(text);
}

void append_complex_repr(StringBuilder& out, double real, double imag) {
    if (real == 0 && !std::signbit(real)) {
        append_part(out, imag, false);
        out.append('j');
        return;
    }
    out.append('(');
    append_part(out, real, false);
    append_part(out, imag, true);
    out.append("j)");
}

static std::string_view native_name(const Native* n) {
    std::string_view text = n->def->signature.text;
    return text.substr(0, text.find('('));
}

void append_native_qualname(VM& vm, StringBuilder& out, const Native* n) {
    if (n->owner.is_object()) {
        out.append(vm.class_name(n->owner.as<Class>()));
        out.append('.');
    }
    out.append(native_name(n));
}

static void append_native(VM& vm, StringBuilder& out, Native* n) {
    auto owner_name = [&] { return n->owner.is_unbound() ? "?" : vm.class_name(n->owner.as<Class>()); };
    // The number of a host's function is its self, too.
    bool of_module = (n->self.is_object() && n->self.as_object()->kind == Kind::Module) ||
                     (n->self.is_int() && is_str(n->module));
    switch (n->shape) {
        case kShapeMethodDescriptor:
        case kShapeSlotWrapper:
            out.append(n->shape == kShapeSlotWrapper ? "<slot wrapper '" : "<method '");
            out.append(native_name(n));
            out.append("' of '");
            out.append(owner_name());
            out.append("' objects>");
            return;
        case kShapeMethodWrapper:
            out.append("<method-wrapper '");
            out.append(native_name(n));
            out.append("' of ");
            break;
        default:
            if (n->self.is_unbound() || of_module) {
                out.append("<built-in function ");
                out.append(native_name(n));
                out.append('>');
                return;
            }
            out.append("<built-in method ");
            out.append(native_name(n));
            out.append(" of ");
    }
    out.append(vm.type_name(n->self));
    out.append(" object at ");
    append_address(vm, out, n->self);
    out.append('>');
}

static void append_named(VM& vm, StringBuilder& out, const char* what, Value name, Value v) {
    out.append('<');
    out.append(what);
    out.append(' ');
    append_value_text(out, name);
    out.append(" at ");
    append_address(vm, out, v);
    out.append('>');
}

static void append_module(VM& vm, StringBuilder& out, Module* m) {
    out.append("<module ");
    Value name = vm.get(m->dict, vm.names.name), file = vm.get(m->dict, vm.names.file);
    append_repr(out, is_str(name)      ? name.as<Str>()->view()
                     : is_str(m->name) ? m->name.as<Str>()->view()
                                       : "?");
    if (is_str(file)) {
        out.append(" from ");
        append_repr(out, file.as<Str>()->view());
    } else if (!(m->aux & kModuleOfScript)) {
        out.append(" (built-in)");
    }
    out.append('>');
}

static void append_member(VM& vm, StringBuilder& out, Member* m) {
    out.append(m->shape == kShapeMemberDescriptor ? "<member '" : "<attribute '");
    append_value_text(out, m->name);
    out.append("' of '");
    if (!m->owner.is_unbound()) out.append(vm.class_name(m->owner.as<Class>()));
    out.append("' objects>");
}

static void append_number(StringBuilder& out, int64_t i) {
    char text[24];
    out.append({text, size_t(std::to_chars(text, text + sizeof text, i).ptr - text)});
}

static void append_code(VM& vm, StringBuilder& out, Code* code, Value v) {
    out.append("<code object ");
    append_value_text(out, code->name);
    out.append(" at ");
    append_address(vm, out, v);
    out.append(", file \"");
    append_value_text(out, code->filename);
    out.append("\", line ");
    append_number(out, code->first_line);
    out.append('>');
}

static void append_frame(VM& vm, StringBuilder& out, FrameInfo* f, Value v) {
    out.append("<frame at ");
    append_address(vm, out, v);
    out.append(", file ");
    append_repr(out, is_str(f->code->filename) ? f->code->filename.as<Str>()->view() : "?");
    out.append(", line ");
    append_number(out, position_of(*f->code, f->pc).line);
    out.append(", code ");
    append_value_text(out, f->code->name);
    out.append('>');
}

static void append_weakref(VM& vm, StringBuilder& out, WeakRef* w, Value v) {
    out.append("<weakref at ");
    append_address(vm, out, v);
    if (w->target.is_none()) {
        out.append("; dead>");
        return;
    }
    out.append("; to '");
    out.append(vm.type_name(w->target));
    out.append("' at ");
    append_address(vm, out, w->target);
    out.append('>');
}

static void append_cell(VM& vm, StringBuilder& out, Cell* c, Value v) {
    out.append("<cell at ");
    append_address(vm, out, v);
    if (c->value.is_unbound()) {
        out.append(": empty>");
        return;
    }
    out.append(": ");
    out.append(vm.type_name(c->value));
    out.append(" object at ");
    append_address(vm, out, c->value);
    out.append('>');
}

static void append_super(VM& vm, StringBuilder& out, Super* s) {
    out.append("<super: <class '");
    if (s->type.is_object()) out.append(vm.class_name(s->type.as<Class>()));
    out.append("'>, ");
    if (s->self_type.is_object() && s->self_type.as_object()->kind == Kind::Class) {
        out.append('<');
        out.append(vm.class_name(s->self_type.as<Class>()));
        out.append(" object>>");
    } else {
        out.append("NULL>");
    }
}

static bool append_int(VM& vm, StringBuilder& out, Value v) {
    if (v.is_int()) {
        append_number(out, v.as_int());
        return true;
    }
    if (int_text_too_long(v, vm.limits.int_digits)) {
        vm.value_error(
            "Exceeds the limit (%zu digits) for integer string conversion; "
            "use sys.set_int_max_str_digits() to increase the limit",
            vm.limits.int_digits);
        return false;
    }
    std::string text;
    if (!int_to_text(v, 10, text, vm.limits.int_digits)) {
        vm.out_of_memory();
        return false;
    }
    out.append(text);
    return true;
}

static bool append_range(VM& vm, StringBuilder& out, Range* r) {
    out.append("range(");
    if (!append_int(vm, out, r->start)) return false;
    out.append(", ");
    if (!append_int(vm, out, r->stop)) return false;
    if (!r->step.is_int() || r->step.as_int() != 1) {
        out.append(", ");
        if (!append_int(vm, out, r->step)) return false;
    }
    out.append(')');
    return true;
}

// As that of bytes, but a ' is escaped inside "" too.
static void append_bytearray_text(StringBuilder& out, std::string_view data) {
    size_t start = out.size();
    append_bytes_repr(out, data);
    std::string text(out.view().substr(start));
    if (!text.starts_with("b\"") || text.find('\'') == std::string::npos) return;
    out.truncate(start);
    for (char c : text) {
        if (c == '\'') out.append('\\');
        out.append(c);
    }
}

ReprRun::Leaf ReprRun::write_leaf(Value v) {
    constexpr auto of = [](bool ok) { return ok ? Leaf::Written : Leaf::Raised; };
    if (v.is_int()) return of(append_int(vm_, out_, v));
    if (is_float(v)) {
        char buffer[kFloatRepr];
        out_.append({buffer, float_repr(as_float(v), static_cast<char*>(buffer))});
        return Leaf::Written;
    }
    if (v.is_constant()) {
        out_.append(v.is_none()       ? "None"
                    : v.is_true()     ? "True"
                    : v.is_false()    ? "False"
                    : v.is_ellipsis() ? "Ellipsis"
                                      : "NotImplemented");
        return Leaf::Written;
    }
    Object* o = v.as_object();
    switch (o->kind) {
        case Kind::Int:
            return of(append_int(vm_, out_, v));
        case Kind::Complex:
            append_complex_repr(out_, v.as<Complex>()->real, v.as<Complex>()->imag);
            break;
        case Kind::Str:
            append_repr(out_, v.as<Str>()->view());
            break;
        case Kind::Bytes:
            append_bytes_repr(out_, view_of(v.as<Bytes>()));
            break;
        case Kind::ByteArray:
            out_.append(vm_.class_name(vm_.class_of(v)));
            out_.append('(');
            append_bytearray_text(out_, view_of(v.as<ByteArray>()));
            out_.append(')');
            break;
        case Kind::MemoryView:
            out_.append(v.as<MemoryView>()->base.is_unbound() ? "<released memory at " : "<memory at ");
            append_address(vm_, out_, v);
            out_.append('>');
            break;
        case Kind::Range:
            return of(append_range(vm_, out_, v.as<Range>()));
        case Kind::Class:
            out_.append("<class '");
            append_class_name(vm_, out_, v.as<Class>());
            out_.append("'>");
            break;
        case Kind::Function:
            append_named(vm_, out_, "function", v.as<Function>()->qualname, v);
            break;
        case Kind::Generator:
            append_named(vm_, out_, (std::string(vm_.type_name(v)) + " object").c_str(),
                         v.as<Generator>()->function ? v.as<Generator>()->fn()->qualname : Value::none(), v);
            break;
        case Kind::Native:
            append_native(vm_, out_, v.as<Native>());
            break;
        case Kind::Module:
            append_module(vm_, out_, v.as<Module>());
            break;
        case Kind::Member:
            append_member(vm_, out_, v.as<Member>());
            break;
        case Kind::Code:
            append_code(vm_, out_, v.as<Code>(), v);
            break;
        case Kind::FrameInfo:
            append_frame(vm_, out_, v.as<FrameInfo>(), v);
            break;
        case Kind::WeakRef:
            append_weakref(vm_, out_, v.as<WeakRef>(), v);
            break;
        case Kind::Cell:
            append_cell(vm_, out_, v.as<Cell>(), v);
            break;
        case Kind::Super:
            append_super(vm_, out_, v.as<Super>());
            break;
        case Kind::List:
        case Kind::Tuple:
        case Kind::Dict:
        case Kind::Set:
        case Kind::DictView:
        case Kind::MappingProxy:
        case Kind::Slice:
        case Kind::BoundMethod:
        case Kind::ClassMethod:
        case Kind::StaticMethod:
        case Kind::GenericAlias:
        case Kind::UnionType:
        case Kind::Exception:
            return Leaf::Container;
        default:
            append_default_repr(vm_, out_, v);
    }
    return Leaf::Written;
}

}  // namespace gen
