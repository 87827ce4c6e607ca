// type: the class of classes.
#include "runtime/types/attributes.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"
#include "vm/exec/class_parts.h"

namespace gen {

static std::string name_of(VM& vm, const Class* cls) { return std::string(vm.class_name(cls)); }

// ---- type(x), type(name, bases, namespace), C(...)

static Outcome type_new(VM& vm, Value* args) {  // metatype, *args, **kwargs
    if (!is_class(args[0]))
        return vm.type_error("type.__new__(X): X is not a type object (%s)", vm.type_name(args[0]));
    auto* given = args[1].as<Tuple>();
    auto* metaclass = args[0].as<Class>();
    if (!vm.is_subclass(metaclass, vm.type(kShapeType)))
        return vm.type_error("type.__new__(%s): %s is not a subtype of type", name_of(vm, metaclass).c_str(),
                             name_of(vm, metaclass).c_str());
    if (given->size == 1 && metaclass == vm.type(kShapeType))
        return args[2].is_unbound() ? Outcome(Value::object(vm.class_of(given->items[0])))
                                    : vm.type_error("type() takes no keyword arguments");
    if (given->size != 3) {
        if (metaclass == vm.type(kShapeType)) return vm.type_error("type() takes 1 or 3 arguments");
        return vm.type_error("type.__new__() takes exactly 3 arguments (%zu given)", size_t(given->size));
    }
    Value name = given->items[0], bases = given->items[1], space = given->items[2];
    if (!is_str(name))
        return vm.type_error("type.__new__() argument 1 must be str, not %s", vm.type_name(name));
    if (!is_tuple(bases))
        return vm.type_error("type.__new__() argument 2 must be tuple, not %s", vm.type_name(bases));
    if (!is_dict(space))
        return vm.type_error("type.__new__() argument 3 must be dict, not %s", vm.type_name(space));
    for (uint64_t i = 0; i < bases.as<Tuple>()->size; i++) {
        Value base = bases.as<Tuple>()->items[i];
        if (is_class(base)) continue;
        if (!vm.lookup(vm.class_of(base), vm.names.special[int(Special::MroEntries)]).is_unbound())
            return vm.type_error("type() doesn't support MRO entry resolution; use types.new_class()");
        return vm.type_error(
            "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass "
            "of the metaclasses of all its bases");
    }
    Class* best = calculate_metaclass(vm, metaclass, bases.as<Tuple>());
    if (!best) return Outcome::raised();
    if (best != metaclass) {
        Value its_new = best->specials[int(Special::New)];
        if (!its_new.is(vm.type(kShapeType)->specials[int(Special::New)])) {
            Tuple* all = make_tuple(vm.heap, 4);
            all->items[0] = Value::object(best);
            for (int i = 0; i < 3; i++) all->items[1 + i] = given->items[i];
            return vm.call_with(its_new, Value::object(all), args[2]);
        }
    }
    Value slots = vm.get(space.as<Dict>(), vm.names.slots);
    if (!slots.is_unbound() && !is_str(slots) && !is_tuple(slots) && !is_list(slots) && !is_dict(slots))
        return Outcome::unhandled();  // they have to be iterated
    return make_class(vm, best, name.as<Str>(), bases.as<Tuple>(), space.as<Dict>(), args[2]);
}

// The same, where __slots__ is another iterable, which the class keeps as it is.
static Outcome type_new_step(VM& vm, NativeFrame& frame) {
    auto given = [&](int i) { return frame[1].as<Tuple>()->items[i]; };
    Value slots = vm.get(given(2).as<Dict>(), vm.names.slots);
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_list(vm, slots));
    }
    Class* best = calculate_metaclass(vm, frame[0].as<Class>(), given(1).as<Tuple>());
    Dict* space = dict_copy(vm.heap, given(2).as<Dict>());
    if (!space || !vm.set(space, vm.names.slots, frame.result())) return vm.out_of_memory();
    Class* cls = best ? create_class(vm, best, given(0).as<Str>(), given(1).as<Tuple>(), space) : nullptr;
    if (!cls) return Outcome::raised();
    set_class_attribute(vm, cls, vm.names.slots, slots);
    return vm.call(vm.natives.finish_class,
                   {Value::object(cls), frame[2].is_unbound() ? Value::none() : frame[2]});
}

static Outcome type_init(VM& vm, Value* args) {  // cls, *args, **kwargs
    auto* given = args[1].as<Tuple>();
    if (given->size == 1 && !args[2].is_unbound() && dict_length(args[2].as<Dict>()))
        return vm.type_error("type.__init__() takes no keyword arguments");
    if (given->size != 1 && given->size != 3) return vm.type_error("type.__init__() takes 1 or 3 arguments");
    return Value::none();
}

static Outcome type_call(VM& vm, Value* args) {  // cls, *args, **kwargs
    return vm.call(vm.natives.type_call, {args[0], args[1], args[2].is_unbound() ? Value::none() : args[2]});
}

static Outcome type_prepare(VM& vm, Value*) { return Value::object(vm.dict()); }

// ---- attributes of classes by name

static Outcome type_getattribute(VM& vm, Value* args) {
    Str* name = attribute_name(vm, args[1]);
    return name ? class_getattr(vm, args[0].as<Class>(), name) : Outcome::raised();
}
static Outcome type_setattr(VM& vm, Value* args) {
    Str* name = attribute_name(vm, args[1]);
    return name ? class_setattr(vm, args[0].as<Class>(), name, args[2]) : Outcome::raised();
}
static Outcome type_delattr(VM& vm, Value* args) {
    Str* name = attribute_name(vm, args[1]);
    return name ? class_setattr(vm, args[0].as<Class>(), name, Value::unbound()) : Outcome::raised();
}

static Outcome type_dir(VM& vm, Value* args) {
    Dict* names = vm.dict();
    if (!add_names_of_class(vm, names, args[0].as<Class>())) return vm.out_of_memory();
    return names_as_list(vm, names);
}

// ---- relations

static Outcome type_mro(VM& vm, Value* args) {
    auto* mro = args[0].as<Class>()->mro;
    return vm.checked(Value::object(make_list(vm.heap, mro->items, mro->size)));
}

static Outcome type_subclasses(VM& vm, Value* args) {
    List* result = make_list(vm.heap);
    Value known = args[0].as<Class>()->subclasses;
    for (uint64_t i = 0; is_list(known) && i < known.as<List>()->size; i++) {
        Value v = known.as<List>()->items->items[i];
        if (v.is_object() && v.as_object()->kind == Kind::WeakRef) v = v.as<WeakRef>()->target;
        if (is_class(v) && !list_append(vm.heap, result, v)) return vm.out_of_memory();
    }
    return Value::object(result);
}

static Outcome instancecheck_fn(VM& vm, Value* args) {
    return vm.is_subclass(vm.class_of(args[1]), args[0].as<Class>()) ? Value::true_() : Outcome::unhandled();
}
static Outcome instancecheck_step(VM& vm,
                                  NativeFrame& frame) {  // what the object says that its class is counts too
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_getattr_or_stop(vm, frame[1], vm.names.class_));
    }
    Value cls = frame.result();
    return Value::boolean(is_class(cls) && vm.is_subclass(cls.as<Class>(), frame[0].as<Class>()));
}
static Outcome type_subclasscheck(VM& vm, Value* args) {
    if (!is_class(args[1])) return vm.type_error("issubclass() arg 1 must be a class");
    return Value::boolean(vm.is_subclass(args[1].as<Class>(), args[0].as<Class>()));
}

// ---- unions: int | None

static Outcome type_or(VM& vm, Value* args) { return make_union(vm, args[0], args[1]); }
static Outcome type_ror(VM& vm, Value* args) { return make_union(vm, args[1], args[0]); }

// ---- what a class knows about itself

static Class* self_of(Value v) { return v.as<Class>(); }

static bool changeable(VM& vm, Value self, const char* name) {
    if (self_of(self)->class_flags & Class::kHeapType) return true;
    vm.type_error("cannot set '%s' attribute of immutable type '%s'", name,
                  name_of(vm, self_of(self)).c_str());
    return false;
}

// As changeable(), for what cannot be deleted either.
static bool replaceable(VM& vm, Value self, Value v, const char* name) {
    if (!changeable(vm, self, name)) return false;
    if (!v.is_unbound()) return true;
    vm.type_error("cannot delete '%s' attribute of immutable type '%s'", name,
                  name_of(vm, self_of(self)).c_str());
    return false;
}

static Outcome store_own(VM& vm, Class* cls, Str* name, Value v) {
    set_class_attribute(vm, cls, name, v);
    return Value::none();
}

static Outcome get_name(VM&, Value self) { return self_of(self)->name; }
static Outcome set_name(VM& vm, Value self, Value v) {
    if (!replaceable(vm, self, v, "__name__")) return Outcome::raised();
    if (!is_str(v))
        return vm.type_error("can only assign string to %s.__name__, not '%s'",
                             name_of(vm, self_of(self)).c_str(), vm.type_name(v));
    if (!is_class_name(vm, v)) return Outcome::raised();
    self_of(self)->name = v;
    vm.heap.write(self_of(self));
    return Value::none();
}

static Outcome get_qualname(VM&, Value self) { return self_of(self)->qualname; }
static Outcome set_qualname(VM& vm, Value self, Value v) {
    if (!replaceable(vm, self, v, "__qualname__")) return Outcome::raised();
    if (!is_str(v))
        return vm.type_error("can only assign string to %s.__qualname__, not '%s'",
                             name_of(vm, self_of(self)).c_str(), vm.type_name(v));
    self_of(self)->qualname = v;
    vm.heap.write(self_of(self));
    return Value::none();
}

static Outcome get_module(VM& vm, Value self) {
    Value own = own_attribute(vm, self_of(self), vm.names.module);
    if (!own.is_unbound()) return own;
    Value module = self_of(self)->module;
    return module.is_unbound() ? vm.raise(kShapeAttributeError, "__module__") : Outcome(module);
}
static Outcome set_module(VM& vm, Value self, Value v) {
    if (!replaceable(vm, self, v, "__module__")) return Outcome::raised();
    self_of(self)->module = v;
    vm.heap.write(self_of(self));
    return store_own(vm, self_of(self), vm.names.module, v);
}

static Outcome get_bases(VM&, Value self) { return Value::object(self_of(self)->bases); }
static Outcome set_bases_attribute(VM& vm, Value self, Value v) {
    if (!replaceable(vm, self, v, "__bases__")) return Outcome::raised();
    std::string name = name_of(vm, self_of(self));
    if (!is_tuple(v))
        return vm.type_error("can only assign tuple to %s.__bases__, not %s", name.c_str(), vm.type_name(v));
    auto* bases = v.as<Tuple>();
    for (uint64_t i = 0; i < bases->size; i++)
        if (!is_class(bases->items[i]))
            return vm.type_error("%s.__bases__ must be tuple of classes, not '%s'", name.c_str(),
                                 vm.type_name(bases->items[i]));
    if (!bases->size)
        return vm.type_error("can only assign non-empty tuple to %s.__bases__, not ()", name.c_str());
    return set_bases(vm, self_of(self), bases) ? Outcome(Value::none()) : Outcome::raised();
}
static Outcome get_mro(VM&, Value self) { return Value::object(self_of(self)->mro); }
static Outcome get_base(VM&, Value self) {
    Class* base = self_of(self)->base;
    return base ? Value::object(base) : Value::none();
}
static Outcome get_dict(VM& vm, Value self) {
    auto* p = vm.heap.make<MappingProxy>(Kind::MappingProxy, kShapeMappingProxy);
    p->mapping = self;
    return Value::object(p);
}

// A __doc__ in the class's body may be a descriptor, which is asked then.
static Outcome get_doc(VM& vm, Value self) {
    Value own = own_attribute(vm, self_of(self), vm.names.doc);
    if (own.is_unbound()) return self_of(self)->doc.is_unbound() ? Value::none() : self_of(self)->doc;
    return descriptor_get(vm, own, Value::unbound(), self);
}

static Outcome set_doc(VM& vm, Value self, Value v) {
    if (!replaceable(vm, self, v, "__doc__")) return Outcome::raised();
    return store_own(vm, self_of(self), vm.names.doc, v);
}

static Outcome get_abstractmethods(VM& vm, Value self) {
    Value v = self_of(self) == vm.type(kShapeType)
                  ? Value::unbound()
                  : own_attribute(vm, self_of(self), vm.names.abstractmethods);
    return v.is_unbound() ? vm.raise(kShapeAttributeError, "__abstractmethods__") : Outcome(v);
}
static Outcome set_abstractmethods(VM& vm, Value self, Value v) {
    auto* cls = self_of(self);
    if (v.is_unbound() && own_attribute(vm, cls, vm.names.abstractmethods).is_unbound())
        return vm.raise(kShapeAttributeError, "__abstractmethods__");
    bool any = !v.is_unbound() && fast_truth(v) != Fast::False;
    if (any)
        cls->class_flags |= Class::kAbstract;
    else
        cls->class_flags &= ~uint32_t(Class::kAbstract);
    return store_own(vm, cls, vm.names.abstractmethods, v);
}

static Outcome get_annotations(VM& vm, Value self) {
    auto* cls = self_of(self);
    if (!(cls->class_flags & Class::kHeapType))
        return vm.raisef(kShapeAttributeError, "type object '%s' has no attribute '__annotations__'",
                         name_of(vm, cls).c_str());
    Value own = own_attribute(vm, cls, vm.names.annotations);
    if (!own.is_unbound()) return own;
    own = Value::object(vm.dict());
    Outcome o = store_own(vm, cls, vm.names.annotations, own);
    return o.is_raised() ? o : Outcome(own);
}
static Outcome set_annotations(VM& vm, Value self, Value v) {
    if (!changeable(vm, self, "__annotations__")) return Outcome::raised();
    if (v.is_unbound() && own_attribute(vm, self_of(self), vm.names.annotations).is_unbound())
        return vm.raise(kShapeAttributeError, "__annotations__");
    return store_own(vm, self_of(self), vm.names.annotations, v);
}

static Outcome get_flags(VM& vm, Value self) {  // the bits of CPython that programs look at
    constexpr int64_t kBaseType = 1 << 10, kHeap = 1 << 9, kAbstractBit = 1 << 20;
    uint32_t flags = self_of(self)->class_flags;
    return Value::integer((flags & Class::kFinal ? 0 : kBaseType) | (flags & Class::kHeapType ? kHeap : 0) |
                          (flags & Class::kAbstract ? kAbstractBit : 0) | collection_bits(vm, self_of(self)));
}
static Outcome get_basicsize(VM&, Value self) {
    return Value::integer(int64_t(layout_bytes(self_of(self)->instance_kind, 0)));
}
static Outcome get_itemsize(VM&, Value self) {
    switch (self_of(self)->instance_kind) {
        case Kind::Tuple:
        case Kind::Int:
            return Value::integer(8);
        case Kind::Bytes:
            return Value::integer(1);
        default:
            return Value::integer(0);
    }
}
static Outcome get_zero(VM&, Value) { return Value::integer(0); }
static Outcome get_none(VM&, Value) { return Value::none(); }

static const NativeDef kTypeMethods[] = {
    {.signature = "__new__(metatype, /, *args, **kwargs)",
     .fn = type_new,
     .step = type_new_step,
     .flags = kStaticNative,
     .doc = "Create and return a new object.  See help(type) for accurate signature."},
    {.signature = "__init__(self, /, *args, **kwargs)",
     .fn = type_init,
     .doc = "Initialize self.  See help(type(self)) for accurate signature."},
    {.signature = "__call__(self, /, *args, **kwargs)", .fn = type_call, .doc = "Call self as a function."},
    {.signature = "__prepare__(cls, /, *args, **kwargs)",
     .fn = type_prepare,
     .flags = kClassNative,
     .doc = "__prepare__() -> dict\nused for the class statement"},
    {.signature = "__getattribute__(self, name, /)",
     .fn = type_getattribute,
     .doc = "Return getattr(self, name)."},
    {.signature = "__setattr__(self, name, value, /)",
     .fn = type_setattr,
     .doc = "Implement setattr(self, name, value)."},
    {.signature = "__delattr__(self, name, /)", .fn = type_delattr, .doc = "Implement delattr(self, name)."},
    {.signature = "__repr__(self, /)", .fn = repr_native, .doc = "Return repr(self)."},
    {.signature = "__dir__(self, /)", .fn = type_dir, .doc = "Specialized __dir__ implementation for types."},
    {.signature = "mro(self, /)", .fn = type_mro, .doc = "Return a type's method resolution order."},
    {.signature = "__subclasses__(self, /)",
     .fn = type_subclasses,
     .doc = "Return a list of immediate subclasses."},
    {.signature = "__instancecheck__(self, instance, /)",
     .fn = instancecheck_fn,
     .step = instancecheck_step,
     .doc = "Check if an object is an instance."},
    {.signature = "__subclasscheck__(self, subclass, /)",
     .fn = type_subclasscheck,
     .doc = "Check if a class is a subclass."},
    {.signature = "__or__(self, value, /)", .fn = type_or, .doc = "Return self|value."},
    {.signature = "__ror__(self, value, /)", .fn = type_ror, .doc = "Return value|self."},
};

static const AttributeDef kTypeAttributes[] = {
    {"__name__", get_name, set_name},
    {"__qualname__", get_qualname, set_qualname},
    {"__module__", get_module, set_module},
    {"__bases__", get_bases, set_bases_attribute},
    {"__base__", get_base, read_only},
    {"__mro__", get_mro, read_only},
    {"__dict__", get_dict},
    {"__doc__", get_doc, set_doc},
    {"__abstractmethods__", get_abstractmethods, set_abstractmethods},
    {"__annotations__", get_annotations, set_annotations},
    {"__flags__", get_flags, read_only},
    {"__basicsize__", get_basicsize, read_only},
    {"__itemsize__", get_itemsize, read_only},
    {"__dictoffset__", get_zero, read_only},
    {"__weakrefoffset__", get_zero, read_only},
    {"__text_signature__", get_none},
};

void define_type_type(VM& vm) {
    define_type(vm,
                {.shape = kShapeType,
                 .methods = kTypeMethods,
                 .attributes = kTypeAttributes,
                 .doc = "type(object) -> the object's type\ntype(name, bases, dict, **kwds) -> a new type"});
}

}  // namespace gen
