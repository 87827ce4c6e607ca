// The built-in classes, from vm/data/classes.def, and the tables of natives that fill them and the built-in modules.
#include "vm/exec/class_parts.h"
#include "vm/exec/define.h"
#include "vm/exec/exec.h"

#include <algorithm>

namespace gen {

void make_builtin_classes(VM& vm) {
    vm.method_cache = std::make_unique<VM::MethodCacheEntry[]>(VM::kMethodCache);
    vm.places = std::make_unique<VM::PlaceEntry[]>(VM::kPlaces);
    struct Row {
        const char* name;
        int base;
        Kind kind;
        const char* slots;
    };
    [[maybe_unused]] static constexpr Row rows[] = {
    // g++ 12 does not see the use in the generic lambda
#define CLASS(id, name, base, kind) {name, kShape##base, Kind::kind, nullptr},
#define EXCEPTION(id, base, slots) {#id, kShape##base, Kind::Exception, slots},
#include "vm/data/classes.def"
#undef CLASS
#undef EXCEPTION
    };
    for (uint32_t i = 0; i < kBuiltinShapes; i++) vm.classes[i] = new_class(vm, nullptr);
    std::vector<bool> done(kBuiltinShapes);
    auto make = [&](auto& self, uint32_t i) -> void {
        if (done[i]) return;
        done[i] = true;
        const Row& row = rows[i];
        Class* c = vm.classes[i];
        bool root = i == kShapeObject;
        if (!root) self(self, uint32_t(row.base));
        Class* base = root ? nullptr : vm.classes[row.base];
        c->name = c->qualname = Value::object(vm.intern(row.name));
        c->module = Value::object(vm.names.builtins_module);
        c->base = base;
        c->instance_kind = row.kind;
        c->class_flags = Class::kBuiltin;
        std::vector<Value> bases;
        if (base) bases.push_back(Value::object(base));
        if (i == kShapeExceptionGroup) {
            self(self, kShapeException);
            bases.push_back(Value::object(vm.classes[kShapeException]));
        }
        c->bases = bases.empty() ? vm.empty_tuple : make_tuple(vm.heap, bases.data(), bases.size());
        std::vector<Value> order;
        linearize(vm, c, c->bases, order);
        c->mro = make_tuple(vm.heap, order.data(), order.size());
        bool exception = row.kind == Kind::Exception;
        uint32_t slots = base ? base->inline_slots : 0;
        if (row.slots && *row.slots) {
            std::vector<Value> own;
            for (std::string_view rest = row.slots; !rest.empty();) {
                size_t end = std::min(rest.find(' '), rest.size());
                own.push_back(Value::object(vm.intern(rest.substr(0, end))));
                rest.remove_prefix(std::min(end + 1, rest.size()));
            }
            slots += uint32_t(own.size());
            c->slot_names = Value::object(make_tuple(vm.heap, own.data(), own.size()));
        }
        c->inline_slots = uint16_t(slots);
        if (exception) c->class_flags |= Class::kException | Class::kHasDict;
        const bool future = i >= kShapeFuture && i <= kShapeGatheringFuture;
        const bool wrapper = i == kShapeClassMethod || i == kShapeStaticMethod;
        if (i == kShapeFunction || i == kShapeModule || future || wrapper) c->class_flags |= Class::kHasDict;
        if (i == kShapeType) c->class_flags |= Class::kMetaclass;
        switch (i) {
            case kShapeBool:
            case kShapeNone_:
            case kShapeNotImplementedType:
            case kShapeEllipsisType:
            case kShapeFunction:
            case kShapeBuiltinFunction:
            case kShapeMethodDescriptor:
            case kShapeSlotWrapper:
            case kShapeMethodWrapper:
            case kShapeMethod:
            case kShapeGenerator:
            case kShapeCoroutine:
            case kShapeAsyncGenerator:
            case kShapeRange:
            case kShapeSlice:
            case kShapeMemoryView:
            case kShapeDictKeys:
            case kShapeDictValues:
            case kShapeDictItems:
            case kShapeCode:
            case kShapeFrame:
            case kShapeTraceback:
            case kShapeCell:
            case kShapeMemberDescriptor:
            case kShapeGetSetDescriptor:
            case kShapeMappingProxy:
            case kShapeUnionType:
            case kShapeRegexPattern:
            case kShapeRegexMatch:
            case kShapeRegexScan:
                c->class_flags |= Class::kFinal;
                break;
            default:
                break;
        }
        c->root_shape = i;
        vm.shapes.builtin_root(c, i, exception || i == kShapeModule || future || wrapper, slots);
        for (Value b : bases) add_subclass(vm, b.as<Class>(), c);
    };
    for (uint32_t i = 0; i < kBuiltinShapes; i++) make(make, i);
}

Value make_native(VM& vm, const NativeDef& def, Value module) {
    auto* n = vm.heap.make<Native>(Kind::Native, kShapeBuiltinFunction);
    n->self = n->owner = Value::unbound();
    n->module = module;
    n->def = &def;
    const Signature& s = def.signature;
    if (def.fn && s.parameters() == s.positional) n->aux = s.positional;
    return Value::object(n);
}

Value make_wrapper(VM& vm, BuiltinShape shape, Value function) {
    Object* wrapper = allocate_instance(vm, vm.type(shape));
    if (shape == kShapeClassMethod)
        static_cast<ClassMethod*>(wrapper)->function = function;
    else
        static_cast<StaticMethod*>(wrapper)->function = function;
    return Value::object(wrapper);
}

void define_type(VM& vm, const TypeDef& type) {
    Class* cls = vm.type(type.shape);
    dict_reserve(vm.heap, cls->attributes,
                 dict_length(cls->attributes) + type.methods.size() + type.attributes.size());
    for (const NativeDef& def : type.methods) {
        std::string_view text = def.signature.text;
        Str* name = vm.intern(text.substr(0, text.find('(')));
        Value v = make_native(vm, def);
        auto* n = v.as<Native>();
        n->owner = Value::object(cls);
        int special = special_of(name);
        if (name == vm.names.special[int(Special::New)]) {
            n->self = Value::unbound();
        } else if (def.flags & kStaticNative) {
            v = make_wrapper(vm, kShapeStaticMethod, v);
        } else if (def.flags & kClassNative) {
            v = make_wrapper(vm, kShapeClassMethod, v);
        } else {
            n->shape = special >= 0 ? kShapeSlotWrapper : kShapeMethodDescriptor;
        }
        auto* cell = vm.heap.make<Cell>(Kind::Cell, kShapeCell);
        cell->value = v;
        vm.set(cls->attributes, name, Value::object(cell));
        if (special >= 0) propagate_special(vm, cls, Special(special));
    }
    for (const AttributeDef& def : type.attributes) {
        auto* m = vm.heap.make<Member>(Kind::Member, kShapeGetSetDescriptor);
        Str* name = vm.intern(def.name);
        m->name = Value::object(name);
        m->owner = Value::object(cls);
        m->def = &def;
        auto* cell = vm.heap.make<Cell>(Kind::Cell, kShapeCell);
        cell->value = Value::object(m);
        vm.set(cls->attributes, name, Value::object(cell));
    }
    if (*type.doc) cls->doc = vm.str(type.doc);
    vm.clear_method_cache();
}

Module* define_module(VM& vm, const ModuleDef& def) {
    Module* m = vm.module(def.name);
    for (const NativeDef& f : def.functions) {
        std::string_view text = f.signature.text;
        vm.set(m->dict, text.substr(0, text.find('(')), make_native(vm, f, m->name));
    }
    if (*def.doc) vm.set(m->dict, vm.names.doc, vm.str(def.doc));
    if (def.init) def.init(vm, m);
    return m;
}

}  // namespace gen
