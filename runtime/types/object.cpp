// object: what every class inherits.
#include "runtime/types/attributes.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"
#include "vm/exec/class_parts.h"
#include "vm/exec/lookup.h"

namespace gen {

// ---- making instances

static bool has_arguments(Value args, Value keywords) {
    return args.as<Tuple>()->size || (!keywords.is_unbound() && dict_length(keywords.as<Dict>()));
}

static std::string name_of(VM& vm, const Class* cls) { return std::string(vm.class_name(cls)); }

// The nearest built-in class that decides the layout: its __new__ is the one to be used.
static Class* solid_base(Class* cls) {
    while (cls->base && (cls->class_flags & Class::kHeapType)) cls = cls->base;
    return cls;
}

static Outcome object_new(VM& vm, Value* args) {  // cls, *args, **kwargs
    if (!is_class(args[0]))
        return vm.type_error("object.__new__(X): X is not a type object (%s)", vm.type_name(args[0]));
    auto* cls = args[0].as<Class>();
    Value own_new = cls->specials[int(Special::New)], own_init = cls->specials[int(Special::Init)];
    if (has_arguments(args[1], args[2])) {
        if (!is_object_special(vm, own_new, Special::New))
            return vm.type_error("object.__new__() takes exactly one argument (the type to instantiate)");
        if (is_object_special(vm, own_init, Special::Init))
            return vm.type_error("%s() takes no arguments", name_of(vm, cls).c_str());
    }
    if (cls->class_flags & Class::kNoInstances)
        return vm.type_error("cannot create '%s' instances", name_of(vm, cls).c_str());
    Class* solid = solid_base(cls);
    if (solid != vm.type(kShapeObject))
        return vm.type_error("object.__new__(%s) is not safe, use %s.__new__()", name_of(vm, cls).c_str(),
                             name_of(vm, solid).c_str());
    if (cls->class_flags & Class::kAbstract) return vm.call_prelude(vm.intern("_abstract_error"), {args[0]});
    Object* o = allocate_instance(vm, cls);
    return o ? Outcome(Value::object(o)) : vm.out_of_memory();
}

static Outcome object_init(VM& vm, Value* args) {  // self, *args, **kwargs
    if (!has_arguments(args[1], args[2])) return Value::none();
    Class* cls = vm.class_of(args[0]);
    if (!is_object_special(vm, cls->specials[int(Special::Init)], Special::Init))
        return vm.type_error("object.__init__() takes exactly one argument (the instance to initialize)");
    if (is_object_special(vm, cls->specials[int(Special::New)], Special::New))
        return vm.type_error("%s.__init__() takes exactly one argument (the instance to initialize)",
                             name_of(vm, cls).c_str());
    return Value::none();
}

// ---- comparison

static Outcome object_eq(VM&, Value* args) {
    return args[0].is(args[1]) ? Value::true_() : Value::not_implemented();
}

static Outcome object_ne_step(VM& vm, NativeFrame& frame) {  // not ==, if that has an answer
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, call_found(vm, Special::Eq, vm.special(frame[0], Special::Eq), frame[0], {frame[1]}));
            if (frame.result().is_not_implemented()) return frame.result();
            AWAIT(2, op_not(vm, frame.result()));
    }
    return frame.result();
}

static Outcome not_implemented(VM&, Value*) { return Value::not_implemented(); }
static Outcome object_hash(VM& vm, Value* args) { return identity_hash(vm, args[0]); }

// ---- attributes

static Outcome object_getattribute(VM& vm, Value* args) {
    Str* name = attribute_name(vm, args[1]);
    return name ? generic_getattr(vm, args[0], name) : Outcome::raised();
}

static Outcome object_setattr(VM& vm, Value* args) {
    Str* name = attribute_name(vm, args[1]);
    if (!name) return Outcome::raised();
    if (is_class(args[0]))
        return vm.type_error("can't apply this __setattr__ to %s object", vm.type_name(args[0]));
    return generic_setattr(vm, args[0], name, args[2]);
}

static Outcome object_delattr(VM& vm, Value* args) {
    Str* name = attribute_name(vm, args[1]);
    if (!name) return Outcome::raised();
    if (is_class(args[0]))
        return vm.type_error("can't apply this __delattr__ to %s object", vm.type_name(args[0]));
    return generic_setattr(vm, args[0], name, Value::unbound());
}

Str* attribute_name(VM& vm, Value v) {
    if (!is_str(v)) {
        vm.type_error("attribute name must be string, not '%s'", vm.type_name(v));
        return nullptr;
    }
    Str* name = is_exact_str(v) ? v.as<Str>() : make_str(vm.heap, v.as<Str>()->view());
    if (name) name = vm.strings.intern(vm.heap, name);
    if (!name) vm.out_of_memory();
    return name;
}

bool add_names_of_class(VM& vm, Dict* names, Class* cls) {
    for (uint64_t i = 0; i < cls->mro->size; i++) {
        if (!is_class(cls->mro->items[i])) continue;
        uint32_t position = 0;
        while (DictEntry* e = next_entry(cls->mro->items[i].as<Class>()->attributes, position)) {
            Value v = e->value;
            if (v.is_object() && v.as_object()->kind == Kind::Cell && v.as<Cell>()->value.is_unbound())
                continue;
            if (is_str(e->key) && !vm.set(names, e->key.as<Str>(), Value::none())) return false;
        }
    }
    return true;
}

bool add_names_of_dict(VM& vm, Dict* names, const Dict* from) {
    uint32_t position = 0;
    while (DictEntry* e = next_entry(from, position))
        if (is_str(e->key) && !vm.set(names, e->key.as<Str>(), Value::none())) return false;
    return true;
}

bool add_names_of_instance(VM& vm, Dict* names, Object* o) {
    const Shape& shape = vm.shapes[o->shape];
    if (o->kind == Kind::Module) return add_names_of_dict(vm, names, static_cast<Module*>(o)->dict);
    if (o->kind == Kind::Function) {
        Value own = static_cast<Function*>(o)->dict;
        return own.is_unbound() || add_names_of_dict(vm, names, own.as<Dict>());
    }
    if (shape.offset == Shape::kNoSlots) return true;
    if (shape.dictionary) return add_names_of_dict(vm, names, slots_of(shape, o)->as<Dict>());
    for (const Shape* s = &shape; s->name; s = s->parent)
        if (!get_instance_attribute(vm, o, s->name).is_unbound() && !vm.set(names, s->name, Value::none()))
            return false;
    return true;
}

Outcome names_as_list(VM& vm, const Dict* names) {
    List* list = make_list(vm.heap, dict_length(names));
    if (!list) return vm.out_of_memory();
    uint32_t position = 0;
    while (DictEntry* e = next_entry(names, position))
        if (!list_append(vm.heap, list, e->key)) return vm.out_of_memory();
    return Value::object(list);
}

// The names of the instance and its class. A __dict__ or __class__ of the script's own is asked for.
static Outcome object_dir_step(VM& vm, NativeFrame& frame) {  // self; 1 names
    switch (frame.step_state()) {
        case 0:
            frame[1] = Value::object(vm.dict());
            AWAIT(1, op_getattr_or_stop(vm, frame[0], vm.names.dict));
            if (is_dict(frame.result()) &&
                !add_names_of_dict(vm, frame[1].as<Dict>(), frame.result().as<Dict>()))
                return vm.out_of_memory();
            AWAIT(2, op_getattr_or_stop(vm, frame[0], vm.names.class_));
            if (is_class(frame.result()) &&
                !add_names_of_class(vm, frame[1].as<Dict>(), frame.result().as<Class>()))
                return vm.out_of_memory();
    }
    return names_as_list(vm, frame[1].as<Dict>());
}

// ---- the class of an object

static Outcome get_class(VM& vm, Value self) { return Value::object(vm.class_of(self)); }

static Outcome set_class(VM& vm, Value self, Value v) {
    if (v.is_unbound()) return vm.type_error("can't delete __class__ attribute");
    if (!is_class(v))
        return vm.type_error("__class__ must be set to a class, not '%s' object", vm.type_name(v));
    Class* from = vm.class_of(self);
    auto* to = v.as<Class>();
    if (from == to) return Value::none();
    bool modules =
        self.is_object() && self.as_object()->kind == Kind::Module && to->instance_kind == Kind::Module;
    if (!modules && (!(from->class_flags & Class::kHeapType) || !(to->class_flags & Class::kHeapType)))
        return vm.type_error(
            "__class__ assignment only supported for mutable types or ModuleType subclasses");
    if (!modules && !same_layout(from, to))
        return vm.type_error("__class__ assignment: '%s' object layout differs from '%s'",
                             name_of(vm, to).c_str(), name_of(vm, from).c_str());
    Object* o = self.as_object();
    if (!change_class(vm, o, to)) return vm.out_of_memory();
    auto same = [&](Special s) {
        return from->specials[int(s)].is_unbound() == to->specials[int(s)].is_unbound();
    };
    if (o->kind == Kind::Class || o->kind == Kind::Module || !same(Special::Get) || !same(Special::Set) ||
        !same(Special::Delete))
        forget_places(vm);
    if (!same(Special::Del)) vm.register_finalizer(o);
    return Value::none();
}

// Further roots of a class are kept as nameless children of the first.
static Shape& root_with_room(VM& vm, Class* cls, uint32_t inline_slots) {
    Shape& first = vm.shapes[cls->root_shape];
    for (auto& [name, shape] : first.children)
        if (!name && shape->inline_slots == inline_slots) return *shape;
    Shape& root = vm.shapes.make_root(cls, inline_slots, true);
    first.children.push_back({nullptr, &root});
    return root;
}

bool change_class(VM& vm, Object* o, Class* to) {
    if (o->kind == Kind::Module && vm.shapes[o->shape].offset == Shape::kNoSlots) {
        o->shape = vm.shapes[to->root_shape].number;
        return true;
    }
    const Shape& old = vm.shapes[o->shape];
    if (old.offset == Shape::kNoSlots) {
        o->shape = to->root_shape;
        return true;
    }
    // The object keeps its room: a root of the new class for as many inline slots, and the same path of names below it.
    Shape* shape = &vm.shapes[to->root_shape];
    if (shape->inline_slots != old.inline_slots) shape = &root_with_room(vm, to, old.inline_slots);
    if (old.dictionary) {
        o->shape = vm.shapes.dictionary(*shape).number;
        return true;
    }
    std::vector<Str*> names;
    for (const Shape* s = &old; s->name; s = s->parent) names.push_back(s->name);
    Shape* root = shape;
    for (size_t i = names.size(); i-- > 0 && shape;) shape = vm.shapes.child(*shape, names[i]);
    if (!shape) {
        if (!instance_dict(vm, o)) return false;
        shape = &vm.shapes.dictionary(*root);
    }
    o->shape = shape->number;
    return true;
}

// ---- further

static Outcome init_subclass(VM& vm, Value* args) {  // cls, **kwargs
    if (!args[1].is_unbound() && dict_length(args[1].as<Dict>()))
        return vm.type_error("%s.__init_subclass__() takes no keyword arguments",
                             is_class(args[0]) ? name_of(vm, args[0].as<Class>()).c_str() : "object");
    return Value::none();
}

static Outcome object_sizeof(VM& vm, Value* args) {
    if (!args[0].is_object()) return Value::integer(28);
    Object* o = args[0].as_object();
    size_t bytes = layout_bytes(o->kind, 0);
    switch (o->kind) {
        case Kind::Str:
            bytes = sizeof(Str) + static_cast<Str*>(o)->size + 1;
            break;
        case Kind::Bytes:
            bytes = sizeof(Bytes) + static_cast<Bytes*>(o)->size + 1;
            break;
        case Kind::ByteArray:
            bytes += static_cast<ByteArray*>(o)->size;
            break;
        case Kind::Tuple:
            bytes += 8 * static_cast<Tuple*>(o)->size;
            break;
        case Kind::Int:
            bytes += 8 * size_t(std::abs(static_cast<Int*>(o)->size));
            break;
        case Kind::List:
            bytes += 8 * static_cast<List*>(o)->items->capacity;
            break;
        case Kind::Dict:
            bytes += sizeof(DictEntry) * static_cast<Dict*>(o)->table->capacity;
            break;
        case Kind::Set:
            bytes += sizeof(DictEntry) * static_cast<Set*>(o)->table->capacity;
            break;
        case Kind::Generator:
            bytes = static_cast<Frame*>(o)->code()->frame_bytes;
            break;
        case Kind::Function:
            bytes = sizeof(Function);
            break;
        default:
            if (vm.shapes[o->shape].offset != Shape::kNoSlots)
                bytes += 8 * (1 + vm.shapes[o->shape].inline_slots);
    }
    return Value::integer(int64_t(bytes));
}

static const NativeDef kObjectMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)",
     .fn = object_new,
     .flags = kStaticNative,
     .doc = "Create and return a new object.  See help(type) for accurate signature."},
    {.signature = "__init__(self, /, *args, **kwargs)",
     .fn = object_init,
     .flags = kAnyReceiver,
     .doc = "Initialize self.  See help(type(self)) for accurate signature."},
    {.signature = "__repr__(self, /)",
     .fn = object_repr_native,
     .flags = kAnyReceiver,
     .doc = "Return repr(self)."},
    {.signature = "__str__(self, /)",
     .fn = object_str_native,
     .flags = kAnyReceiver,
     .doc = "Return str(self)."},
    {.signature = "__format__(self, format_spec, /)",
     .fn = object_format_native,
     .flags = kAnyReceiver,
     .doc = "Default object formatter."},
    {.signature = "__hash__(self, /)", .fn = object_hash, .flags = kAnyReceiver, .doc = "Return hash(self)."},
    {.signature = "__eq__(self, value, /)",
     .fn = object_eq,
     .flags = kAnyReceiver,
     .doc = "Return self==value."},
    {.signature = "__ne__(self, value, /)",
     .step = object_ne_step,
     .flags = kAnyReceiver,
     .doc = "Return self!=value."},
    {.signature = "__lt__(self, value, /)",
     .fn = not_implemented,
     .flags = kAnyReceiver,
     .doc = "Return self<value."},
    {.signature = "__le__(self, value, /)",
     .fn = not_implemented,
     .flags = kAnyReceiver,
     .doc = "Return self<=value."},
    {.signature = "__gt__(self, value, /)",
     .fn = not_implemented,
     .flags = kAnyReceiver,
     .doc = "Return self>value."},
    {.signature = "__ge__(self, value, /)",
     .fn = not_implemented,
     .flags = kAnyReceiver,
     .doc = "Return self>=value."},
    {.signature = "__getattribute__(self, name, /)",
     .fn = object_getattribute,
     .flags = kAnyReceiver,
     .doc = "Return getattr(self, name)."},
    {.signature = "__setattr__(self, name, value, /)",
     .fn = object_setattr,
     .flags = kAnyReceiver,
     .doc = "Implement setattr(self, name, value)."},
    {.signature = "__delattr__(self, name, /)",
     .fn = object_delattr,
     .flags = kAnyReceiver,
     .doc = "Implement delattr(self, name)."},
    {.signature = "__dir__(self, /)",
     .step = object_dir_step,
     .locals = 1,
     .flags = kAnyReceiver,
     .doc = "Default dir() implementation."},
    {.signature = "__sizeof__(self, /)",
     .fn = object_sizeof,
     .flags = kAnyReceiver,
     .doc = "Size of object in memory, in bytes."},
    {.signature = "__init_subclass__(cls, /, **kwargs)",
     .fn = init_subclass,
     .flags = kClassNative,
     .doc = "This method is called when a class is subclassed."},
    {.signature = "__subclasshook__(cls, /, *args)",
     .fn = not_implemented,
     .flags = kClassNative,
     .doc = "Abstract classes can override this to customize issubclass()."},
};

static const AttributeDef kObjectAttributes[] = {
    {"__class__", get_class, set_class, "the object's class"},
};

void define_object(VM& vm) {
    define_type(vm, {.shape = kShapeObject,
                     .methods = kObjectMethods,
                     .attributes = kObjectAttributes,
                     .doc = "The base class of the class hierarchy.\n\n"
                            "When called, it accepts no arguments and returns a new featureless\n"
                            "instance that has no instance attributes and cannot be given any.\n"});
}

}  // namespace gen
