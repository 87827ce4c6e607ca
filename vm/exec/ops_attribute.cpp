// Attribute access: the descriptor protocol (language reference 3.3.2) on objects, classes, modules and super.
#include "vm/exec/exec.h"
#include "vm/exec/iterators.h"
#include "vm/exec/lookup.h"
#include "vm/exec/special.h"

#include <algorithm>

namespace gen {

Value lookup_super(VM& vm, const Super* s, Str* name) {
    if (!s->self_type.is_object() || name == vm.names.class_) return Value::unbound();
    Tuple* mro = s->self_type.as<Class>()->mro;
    uint64_t i = 0;
    while (i < mro->size && !mro->items[i].is(s->type)) i++;
    uint64_t hash = hash_str(vm.hash_key, name);
    for (i++; i < mro->size; i++)
        if (DictEntry* e = dict_get_str(mro->items[i].as<Class>()->attributes, name, hash))
            return e->value.as<Cell>()->value;
    return Value::unbound();
}

namespace {

Value special_of_value(VM& vm, Value v, Special s) { return vm.class_of(v)->specials[int(s)]; }

std::string missing_in_module(VM& vm, const Module* m, const Str* name) {
    const std::string what = std::string(" has no attribute '") + name->data() + "'";
    Value named = vm.get(m->dict, vm.names.name);
    if (!is_str(named)) return "module" + what;
    const std::string module = "module '" + std::string(named.as<Str>()->view()) + "'" + what;
    Value spec = vm.get(m->dict, vm.names.spec);
    const bool initializing =
        spec.is_object() &&
        get_instance_attribute(vm, spec.as_object(), vm.intern("_initializing")).is_true();
    return initializing ? "partially initialized " + module + " (most likely due to a circular import)"
                        : module;
}

// `generic`: as object's own methods say it, whatever v is.
Outcome no_attribute(VM& vm, Value v, Str* name, bool generic = false) {
    const Kind kind = v.is_object() && !generic ? v.as_object()->kind : Kind::kCount;
    std::string message;
    if (kind == Kind::Module)
        message = missing_in_module(vm, v.as<Module>(), name);
    else
        message = (kind == Kind::Class ? "type object '" + std::string(vm.class_name(v.as<Class>())) + "'"
                                       : std::string("'") + vm.type_name(v) + "' object") +
                  " has no attribute '" + name->data() + "'";
    vm.raise(kShapeAttributeError, message);
    Object* e = vm.exception.as_object();
    set_instance_attribute(vm, e, vm.names.name_attribute, Value::object(name));
    set_instance_attribute(vm, e, vm.names.obj, v);
    return Outcome::raised();
}

Outcome get_super(VM& vm, Super* s, Str* name) {
    Value v = lookup_super(vm, s, name);
    if (v.is_unbound()) return generic_getattr(vm, Value::object(s), name);
    bool through_class = s->self.is(s->self_type);
    return descriptor_get(vm, v, through_class ? Value::unbound() : s->self, s->self_type);
}

Outcome get_module(VM& vm, Module* m, Str* name) {
    Class* cls = vm.class_of(Value::object(m));
    Value attribute = vm.lookup(cls, name);
    auto of_class = [&] { return descriptor_get(vm, attribute, Value::object(m), Value::object(cls)); };
    if (is_data_descriptor(vm, attribute) && is_descriptor(vm, attribute)) return of_class();
    Value v = vm.get(m->dict, name);
    if (!v.is_unbound()) return v;
    if (!attribute.is_unbound()) return of_class();
    Value hook = vm.get(m->dict, vm.names.special[int(Special::Getattr)]);
    if (!hook.is_unbound()) return vm.call(hook, {Value::object(name)});
    return no_attribute(vm, Value::object(m), name);
}

// Without the hooks __getattribute__ and __getattr__ of the script.
Outcome plain_getattr(VM& vm, Value v, Str* name) {
    for (;;) {  // one turn for each method of a method, and alias of an alias
        if (!v.is_object()) return generic_getattr(vm, v, name);
        switch (v.as_object()->kind) {
            case Kind::Class:
                return class_getattr(vm, v.as<Class>(), name);
            case Kind::Module:
                return get_module(vm, v.as<Module>(), name);
            case Kind::Super:
                return get_super(vm, v.as<Super>(), name);
            case Kind::BoundMethod:  // what a method lacks, its function may have
                if (!vm.lookup(vm.class_of(v), name).is_unbound()) return generic_getattr(vm, v, name);
                v = v.as<BoundMethod>()->function;
                break;
            case Kind::GenericAlias: {  // list[int]: what it does not say itself is its origin's
                static constexpr std::string_view kOwn[] = {
                    "__class__",       "__origin__",     "__args__",
                    "__unpacked__",    "__parameters__", "__typing_unpacked_tuple_args__",
                    "__mro_entries__", "__reduce_ex__",  "__reduce__",
                    "__copy__",        "__deepcopy__"};
                if (std::count(std::begin(kOwn), std::end(kOwn), name->view()) != 0)
                    return generic_getattr(vm, v, name);
                v = v.as<GenericAlias>()->origin;
                break;
            }
            default:
                return generic_getattr(vm, v, name);
        }
        if (!(vm.class_of(v)->class_flags & Class::kPlainGetattr)) return op_getattr(vm, v, name);
    }
}

Outcome call_get(VM& vm, Value a, Value instance, Value owner) {
    return vm.call_special(
        Special::Get, a,
        {instance.is_unbound() ? Value::none() : instance, owner.is_unbound() ? Value::none() : owner});
}

// A method of a built-in class, bound to self.
Outcome bind_native(VM& vm, const Native* n, Value self) {
    auto* bound = vm.heap.make<Native>(
        Kind::Native, n->shape == kShapeSlotWrapper ? kShapeMethodWrapper : kShapeBuiltinFunction);
    bound->self = self;
    bound->owner = n->owner;
    bound->module = n->module;
    bound->def = n->def;
    return Value::object(bound);
}

}  // namespace

static bool applies(VM& vm, const Member* m, Value self) {
    const Class* owner = m->owner.as<Class>();
    if (vm.is_subclass(vm.class_of(self), owner)) return true;
    vm.type_error("descriptor '%s' for '%s' objects doesn't apply to a '%s' object",
                  m->name.as<Str>()->data(), std::string(vm.class_name(owner)).c_str(), vm.type_name(self));
    return false;
}

Outcome get_member(VM& vm, const Member* m, Value self) {
    if (!applies(vm, m, self)) return Outcome::raised();
    if (m->def) return m->def->get(vm, self);
    Value v = get_instance_attribute(vm, self.as_object(), m->name.as<Str>());
    return v.is_unbound() ? no_attribute(vm, self, m->name.as<Str>()) : Outcome(v);
}

Outcome set_member(VM& vm, const Member* m, Value self, Value v) {
    Str* name = m->name.as<Str>();
    if (!applies(vm, m, self)) return Outcome::raised();
    if (m->def) {
        if (!m->def->set)
            return vm.raisef(kShapeAttributeError, "attribute '%s' of '%s' objects is not writable",
                             name->data(), std::string(vm.class_name(m->owner.as<Class>())).c_str());
        return m->def->set(vm, self, v);
    }
    if (v.is_unbound()) {
        if (!delete_instance_attribute(vm, self.as_object(), name))
            return vm.raise(kShapeAttributeError, name->view());
        return Value::none();
    }
    if (!set_instance_attribute(vm, self.as_object(), name, v)) return vm.out_of_memory();
    return Value::none();
}

static Outcome no_accessor(VM& vm, const Property* p, Value instance, const char* what) {
    StringBuilder text(vm.heap);
    text.append("property ");
    if (is_str(p->name)) {
        append_repr(text, p->name.as<Str>()->view());
        text.append(' ');
    }
    text.append("of ");
    append_repr(text, vm.class_of(instance)->qualname.as<Str>()->view());
    text.append(" object has no ");
    text.append(what);
    return vm.raise(kShapeAttributeError, text.view());
}

Outcome get_property(VM& vm, const Property* p, Value instance) {
    return p->get.is_unbound() ? no_accessor(vm, p, instance, "getter") : vm.call(p->get, {instance});
}

Outcome set_property(VM& vm, const Property* p, Value instance, Value item) {
    if (item.is_unbound())
        return p->del.is_unbound() ? no_accessor(vm, p, instance, "deleter") : vm.call(p->del, {instance});
    return p->set.is_unbound() ? no_accessor(vm, p, instance, "setter") : vm.call(p->set, {instance, item});
}

bool is_descriptor(VM& vm, Value a) {
    if (!a.is_object()) return false;
    switch (a.as_object()->kind) {
        case Kind::Property:
        case Kind::Member:
        case Kind::ClassMethod:
        case Kind::StaticMethod:
            return true;
        case Kind::Function:
            return !(static_cast<Function*>(a.as_object())->code->code_flags & Code::kUnbound);
        case Kind::Native:
            return binds(a.as_object());
        default:
            return !special_of_value(vm, a, Special::Get).is_unbound();
    }
}

bool is_data_descriptor(VM& vm, Value a) {
    if (!a.is_object()) return false;
    switch (a.as_object()->kind) {
        case Kind::Property:
        case Kind::Member:
            return true;
        case Kind::Function:
        case Kind::Native:
        case Kind::ClassMethod:
        case Kind::StaticMethod:
            return false;
        default:
            return !special_of_value(vm, a, Special::Set).is_unbound() ||
                   !special_of_value(vm, a, Special::Delete).is_unbound();
    }
}

Outcome descriptor_get(VM& vm, Value a, Value instance, Value owner) {
    for (;;) {  // one turn for each classmethod around another descriptor
        if (!a.is_object()) return a;
        Object* o = a.as_object();
        const bool wraps =
            o->kind == Kind::Property || o->kind == Kind::ClassMethod || o->kind == Kind::StaticMethod;
        if (wraps && o->shape >= kBuiltinShapes && !inherits_special(vm, a, Special::Get))
            return call_get(vm, a, instance, owner);
        switch (o->kind) {
            case Kind::Function: {
                bool unbound =
                    instance.is_unbound() || (static_cast<Function*>(o)->code->code_flags & Code::kUnbound);
                return unbound ? Outcome(a) : Outcome(vm.bound_method(a, instance));
            }
            case Kind::Native: {
                auto* n = static_cast<Native*>(o);
                if (instance.is_unbound() || !binds(n)) return a;
                if (accepts_receiver(vm, n, instance)) return bind_native(vm, n, instance);
                std::string_view text = n->def->signature.text;
                return vm.type_error("descriptor '%s' for '%s' objects doesn't apply to a '%s' object",
                                     std::string(text.substr(0, text.find('('))).c_str(),
                                     std::string(vm.class_name(n->owner.as<Class>())).c_str(),
                                     vm.type_name(instance));
            }
            case Kind::StaticMethod: {
                Value f = static_cast<StaticMethod*>(o)->function;
                return f.is_unbound() ? vm.raise(kShapeRuntimeError, "uninitialized staticmethod object")
                                      : Outcome(f);
            }
            case Kind::ClassMethod: {
                Value f = static_cast<ClassMethod*>(o)->function;
                if (f.is_unbound()) return vm.raise(kShapeRuntimeError, "uninitialized classmethod object");
                Value cls = owner.is_unbound() ? Value::object(vm.class_of(instance)) : owner;
                if (Native* n = as_native(f);
                    n && n->self.is_unbound() && n->def->flags & kClassNative)  // of a built-in class
                    return bind_native(vm, n, cls);
                if (f.is_object() && f.as_object()->kind == Kind::Function) return vm.bound_method(f, cls);
                if (!is_descriptor(vm, f)) return vm.bound_method(f, cls);
                a = f;
                instance = owner = cls;
                continue;
            }
            case Kind::Property:
                return instance.is_unbound() ? Outcome(a)
                                             : get_property(vm, static_cast<Property*>(o), instance);
            case Kind::Member:
                return instance.is_unbound() ? Outcome(a) : get_member(vm, static_cast<Member*>(o), instance);
            default:
                return special_of_value(vm, a, Special::Get).is_unbound() ? Outcome(a)
                                                                          : call_get(vm, a, instance, owner);
        }
    }
}

static Value own_class_attribute(VM& vm, Class* cls, Str* name) {
    Value cell = vm.get(cls->attributes, name);
    return cell.is_unbound() ? get_instance_attribute(vm, cls, name) : cell.as<Cell>()->value;
}

Outcome generic_getattr(VM& vm, Value v, Str* name) {
    Class* cls = vm.class_of(v);
    Value attribute = vm.lookup(cls, name);
    bool found = !attribute.is_unbound();
    if (found && is_data_descriptor(vm, attribute)) {
        // A data descriptor without __get__ lets the instance's own attribute through.
        if (is_descriptor(vm, attribute)) return descriptor_get(vm, attribute, v, Value::object(cls));
    }
    if (v.is_object()) {
        Value own = v.as_object()->kind == Kind::Class  // for object.__getattribute__
                        ? own_class_attribute(vm, v.as<Class>(), name)
                        : get_instance_attribute(vm, v.as_object(), name);
        if (!own.is_unbound() && (cls->class_flags & (Class::kHasDict | Class::kBuiltin))) return own;
    }
    if (found) return descriptor_get(vm, attribute, v, Value::object(cls));
    if (name == vm.names.dict && v.is_object()) {
        if (Dict* d = instance_dict(vm, v.as_object())) return Value::object(d);
    }
    return no_attribute(vm, v, name, true);
}

Outcome class_getattr(VM& vm, Class* cls, Str* name) {
    Class* metaclass = vm.class_of(Value::object(cls));
    Value meta = vm.lookup(metaclass, name);
    if (is_data_descriptor(vm, meta) && is_descriptor(vm, meta))
        return descriptor_get(vm, meta, Value::object(cls), Value::object(metaclass));
    Value own = vm.lookup(cls, name);
    if (!own.is_unbound()) return descriptor_get(vm, own, Value::unbound(), Value::object(cls));
    if (!meta.is_unbound()) return descriptor_get(vm, meta, Value::object(cls), Value::object(metaclass));
    Value attribute = get_instance_attribute(vm, cls, name);
    if (!attribute.is_unbound()) return attribute;
    return no_attribute(vm, Value::object(cls), name);
}

Outcome op_getattr(VM& vm, Value v, Str* name) {
    Class* cls = vm.class_of(v);
    if (!(name->flags & kInterned)) name = vm.strings.intern(vm.heap, name);
    if (cls->class_flags & Class::kPlainGetattr) return plain_getattr(vm, v, name);
    return vm.call(vm.natives.getattr_with_hook, {v, Value::object(name)});
}

Outcome plain_getattribute(VM& vm, Value v, Str* name) { return plain_getattr(vm, v, name); }

Outcome op_getattr_or_stop(VM& vm, Value v, Str* name) {
    if (vm.class_of(v)->class_flags &
        Class::kPlainGetattr) {  // no frame is needed as long as no script code runs
        if (!(name->flags & kInterned)) name = vm.strings.intern(vm.heap, name);
        Outcome o = plain_getattr(vm, v, name);
        if (o.is_value()) return o;
        if (o.is_raised()) {
            if (!vm.is_instance(vm.exception, kShapeAttributeError)) return o;
            vm.exception = Value::unbound();
            return Outcome::stop();
        }
    }
    vm.call(vm.natives.getattr_or_stop, {v, Value::object(name)});
    vm.request.stops = Request::Stops::Answers;
    return Outcome::call();
}

// ---- setting

Outcome generic_setattr(VM& vm, Value v, Str* name, Value item) {
    Class* cls = vm.class_of(v);
    if (!(name->flags & kInterned)) name = vm.strings.intern(vm.heap, name);
    Value attribute = vm.lookup(cls, name);
    if (attribute.is_object()) {
        Object* a = attribute.as_object();
        if (a->kind == Kind::Member) return set_member(vm, static_cast<Member*>(a), v, item);
        const Special s = item.is_unbound() ? Special::Delete : Special::Set;
        if (a->kind == Kind::Property && (a->shape < kBuiltinShapes || inherits_special(vm, attribute, s)))
            return set_property(vm, static_cast<Property*>(a), v, item);
        if (!special_of_value(vm, attribute, s).is_unbound())
            return item.is_unbound() ? vm.call_special(s, attribute, {v})
                                     : vm.call_special(s, attribute, {v, item});
        if (is_data_descriptor(vm, attribute))
            return vm.raisef(kShapeAttributeError, "%s", item.is_unbound() ? "__delete__" : "__set__");
    }
    bool takes_any = v.is_object() && (cls->class_flags & Class::kHasDict);
    if (!takes_any) {
        if (attribute.is_unbound()) return no_attribute(vm, v, name, true);
        return vm.raisef(kShapeAttributeError, "'%s' object attribute '%s' is read-only", vm.type_name(v),
                         name->data());
    }
    const bool whole = name == vm.names.dict && attribute.is_unbound();
    if (item.is_unbound()) {
        if (whole)
            replace_instance_dict(vm, v.as_object(), vm.dict());
        else if (!delete_instance_attribute(vm, v.as_object(), name))
            return no_attribute(vm, v, name, true);
        return Value::none();
    }
    if (whole) {
        if (!is_dict(item))
            return vm.type_error("__dict__ must be set to a dictionary, not a '%s'", vm.type_name(item));
        replace_instance_dict(vm, v.as_object(), item.as<Dict>());
        return Value::none();
    }
    if (!set_instance_attribute(vm, v.as_object(), name, item)) return vm.out_of_memory();
    return Value::none();
}

Outcome class_setattr(VM& vm, Class* cls, Str* name, Value v) {
    if (!(name->flags & kInterned)) name = vm.strings.intern(vm.heap, name);
    if (cls->class_flags & Class::kBuiltin)
        return vm.type_error("cannot set '%s' attribute of immutable type '%s'", name->data(),
                             std::string(vm.class_name(cls)).c_str());
    Value meta = vm.lookup(vm.class_of(Value::object(cls)), name);
    if (meta.is_object()) {
        if (meta.as_object()->kind == Kind::Member)
            return set_member(vm, meta.as<Member>(), Value::object(cls), v);
        if (is_data_descriptor(vm, meta)) return generic_setattr(vm, Value::object(cls), name, v);
    }
    if (v.is_unbound() && vm.get(cls->attributes, name).is_unbound())
        return no_attribute(vm, Value::object(cls), name);
    set_class_attribute(vm, cls, name, v);
    return Value::none();
}

Outcome op_setattr(VM& vm, Value v, Str* name, Value item) {
    Class* cls = vm.class_of(v);
    if (!(name->flags & kInterned)) name = vm.strings.intern(vm.heap, name);
    if (!(cls->class_flags & Class::kPlainSetattr) && !cls->specials[int(Special::Setattr)].is_unbound())
        return vm.call_special(Special::Setattr, v, {Value::object(name), item});
    if (v.is_object() && v.as_object()->kind == Kind::Class)
        return class_setattr(vm, v.as<Class>(), name, item);
    return generic_setattr(vm, v, name, item);
}

Outcome op_delattr(VM& vm, Value v, Str* name) {
    Class* cls = vm.class_of(v);
    if (!(name->flags & kInterned)) name = vm.strings.intern(vm.heap, name);
    Value hook = cls->specials[int(Special::Delattr)];
    if (!hook.is_unbound() && !is_object_special(vm, hook, Special::Delattr) &&
        !inherits_special(vm, v, Special::Delattr))
        return vm.call_special(Special::Delattr, v, {Value::object(name)});
    if (v.is_object() && v.as_object()->kind == Kind::Class)
        return class_setattr(vm, v.as<Class>(), name, Value::unbound());
    return generic_setattr(vm, v, name, Value::unbound());
}

}  // namespace gen
