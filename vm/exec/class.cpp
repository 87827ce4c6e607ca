// Classes: how they are made, their method resolution order, and what happens when an attribute of one changes.
//
// A class's attributes stand in Cells, which inline caches refer to. Storing a new value changes the cell only. When the
// attribute that a name leads to may change for some class (one is added, deleted, or changes its role), the
// cells that were visible so far are superseded: they are emptied, and the class that owns one gets a fresh cell.
#include "vm/exec/class_parts.h"
#include "vm/exec/exec.h"
#include "vm/exec/lookup.h"
#include "vm/exec/special.h"

#include <algorithm>
#include <unordered_set>

namespace gen {

// ---- method resolution order (C3; Python 2.3's document by Michele Simionato)

bool linearize(VM& vm, Class* cls, Tuple* bases, std::vector<Value>& out) {
    if (bases->size == 1) {
        auto* mro = bases->items[0].as<Class>()->mro;
        out.push_back(Value::object(cls));
        out.insert(out.end(), mro->items, mro->items + mro->size);
        return true;
    }
    std::vector<std::vector<Value>> sequences;
    for (uint64_t i = 0; i < bases->size; i++) {
        auto* mro = bases->items[i].as<Class>()->mro;
        sequences.emplace_back(mro->items, mro->items + mro->size);
    }
    sequences.emplace_back(bases->items, bases->items + bases->size);
    for (auto& s : sequences) std::reverse(s.begin(), s.end());  // the head is at the back
    out.push_back(Value::object(cls));
    for (;;) {
        std::erase_if(sequences, [](auto& s) { return s.empty(); });
        if (sequences.empty()) return true;
        Value chosen = Value::unbound();
        for (auto& s : sequences) {
            Value head = s.back();
            bool in_tail = std::any_of(sequences.begin(), sequences.end(), [&](auto& t) {
                return std::any_of(t.begin(), t.end() - 1, [&](Value v) { return v.is(head); });
            });
            if (!in_tail) {
                chosen = head;
                break;
            }
        }
        if (chosen.is_unbound()) {
            std::string names;
            std::vector<Value> seen;
            for (auto& s : sequences) {
                Value head = s.back();
                if (std::any_of(seen.begin(), seen.end(), [&](Value v) { return v.is(head); })) continue;
                seen.push_back(head);
                names += (names.empty() ? "" : ", ") + std::string(vm.class_name(head.as<Class>()));
            }
            vm.type_error("Cannot create a consistent method resolution\norder (MRO) for bases %s",
                          names.c_str());
            return false;
        }
        out.push_back(chosen);
        for (auto& s : sequences)
            if (s.back().is(chosen)) s.pop_back();
    }
}

Class* new_class(VM& vm, Class* metaclass) {
    Object* o =
        metaclass && metaclass->root_shape >= kBuiltinShapes ? allocate_instance(vm, metaclass) : nullptr;
    auto* c = o ? static_cast<Class*>(o) : vm.heap.make<Class>(Kind::Class, kShapeType);
    size_t used = sizeof(Class) - sizeof(Object);
    if (!o) std::memset(static_cast<void*>(reinterpret_cast<Object*>(c) + 1), 0, used);
    c->doc = Value::none();
    c->module = Value::unbound();
    c->attributes = vm.dict();
    c->subclasses = c->slot_names = c->extra = Value::unbound();
    for (Value& s : c->specials) s = Value::unbound();
    return c;
}

void add_subclass(VM& vm, Class* base, Class* cls) {
    auto* w = vm.heap.make<WeakRef>(Kind::WeakRef, kShapeWeakRef);
    w->target = Value::object(cls);
    w->callback = Value::none();
    w->hash = 0;
    vm.weak_references.push_back(w);
    if (base->subclasses.is_unbound()) base->subclasses = vm.list();
    List* l = base->subclasses.as<List>();
    // Places of dead ones are used again, before the list grows.
    size_t free = l->size < l->items->capacity ? l->size : 0;
    while (free < l->size && l->items->items[free].as<WeakRef>()->target.is_object()) free++;
    if (free < l->size)
        list_set(vm.heap, l, free, Value::object(w));
    else
        list_append(vm.heap, l, Value::object(w));
    vm.heap.write(base);
}

namespace {

void remove_subclass(Class* base, const Class* cls) {
    if (base->subclasses.is_unbound()) return;
    List* l = base->subclasses.as<List>();
    for (uint64_t i = l->size; i-- > 0;)
        if (l->items->items[i].as<WeakRef>()->target.is(Value::object(cls))) list_erase(l, i, 1);
}

Value unwrap_new(Value v) {
    return v.is_object() && v.as_object()->kind == Kind::StaticMethod ? v.as<StaticMethod>()->function : v;
}

void fill_special(VM& vm, Class* cls, Special s) {
    Value v = vm.lookup(cls, vm.names.special[int(s)]);
    cls->specials[int(s)] = s == Special::New ? unwrap_new(v) : v;
    vm.heap.write(cls);
}

void update_flags(VM& vm, Class* cls) {
    // Only what the built-in base has itself: `__setattr__ = dict.__setitem__` is a native, too.
    const Class* built_in = cls;
    while ((built_in->class_flags & Class::kHeapType) && built_in->base) built_in = built_in->base;
    auto plain = [&](Special s) {
        Value v = cls->specials[int(s)];
        return v.is_object() && v.as_object()->kind == Kind::Native && v.is(built_in->specials[int(s)]);
    };
    cls->class_flags &= ~uint32_t(Class::kPlainGetattr | Class::kPlainSetattr | Class::kIdentityEq);
    if (plain(Special::Getattribute) && cls->specials[int(Special::Getattr)].is_unbound())
        cls->class_flags |= Class::kPlainGetattr;
    if (plain(Special::Setattr)) cls->class_flags |= Class::kPlainSetattr;
    Value eq = cls->specials[int(Special::Eq)], hash = cls->specials[int(Special::Hash)];
    Class* object = vm.classes[kShapeObject];
    if (object && eq.is(object->specials[int(Special::Eq)]) && hash.is(object->specials[int(Special::Hash)]))
        cls->class_flags |= Class::kIdentityEq;
}

}  // namespace

void fill_specials(VM& vm, Class* cls) {
    const Tuple* mro = cls->mro;
    // The classes behind some place in the order are those of the class there, in its order.
    auto agrees = [mro](uint64_t from) {
        const Tuple* other = mro->items[from].as<Class>()->mro;
        return other && other->size == mro->size - from &&
               std::equal(other->items, other->items + other->size, mro->items + from,
                          [](Value a, Value b) { return a.is(b); });
    };
    uint64_t from = 1;
    while (from < mro->size && !agrees(from)) from++;
    if (from < mro->size)
        std::copy_n(mro->items[from].as<Class>()->specials, int(Special::kCount), cls->specials);
    for (uint64_t i = std::min(from, mro->size); i-- > 0;) {
        uint32_t position = 0;
        while (DictEntry* e = next_entry(mro->items[i].as<Class>()->attributes, position)) {
            const int s = special_of(e->key.as<Str>());
            if (s < 0) continue;
            Value v = e->value.as<Cell>()->value;
            cls->specials[s] = Special(s) == Special::New ? unwrap_new(v) : v;
        }
    }
    update_flags(vm, cls);
    vm.heap.write(cls);
}

namespace {

// Calls f for cls and every class that derives from it, each once, though many ways may lead to it.
template <class F>
void each_descendant(VM& vm, Class* cls, F f) {
    if (cls->subclasses.is_unbound()) return f(cls);
    std::vector<Class*> work{cls};
    std::unordered_set<const Class*> seen{cls};
    while (!work.empty()) {
        Class* c = work.back();
        work.pop_back();
        f(c);
        each_subclass(vm, c, [&](Class* sub) {
            if (seen.insert(sub).second) work.push_back(sub);
        });
    }
}

// Does the special method decide where instances, or the objects whose attribute such an instance is, have their attributes?
bool decides_about_attributes(Special s) {
    switch (s) {
        case Special::Getattribute:
        case Special::Setattr:
        case Special::Get:
        case Special::Set:
        case Special::Delete:
            return true;
        default:
            return false;
    }
}

}  // namespace

void propagate_special(VM& vm, Class* cls, Special s) {
    if (defining_types(vm)) return;
    each_descendant(vm, cls, [&](Class* c) {
        fill_special(vm, c, s);
        update_flags(vm, c);
    });
    if (decides_about_attributes(s)) forget_places(vm);
}

namespace {

// The cell of `name` in cls itself gives way to a fresh one.
void supersede(VM& vm, Class* owner, Str* name) {
    Value v = vm.get(owner->attributes, name);
    if (v.is_unbound()) return;
    Cell* old = v.as<Cell>();
    auto* fresh = vm.heap.make<Cell>(Kind::Cell, kShapeCell);
    fresh->value = old->value;
    vm.set(owner->attributes, name, Value::object(fresh));
    old->value = Value::unbound();
}

// Every cell that `name` may have led to from cls or its subclasses.
void supersede_visible(VM& vm, Class* cls, Str* name) {
    each_descendant(vm, cls, [&](Class* c) {
        for (uint64_t i = 0; i < c->mro->size; i++) {
            auto* owner = c->mro->items[i].as<Class>();
            if (vm.get(owner->attributes, name).is_unbound()) continue;
            supersede(vm, owner, name);
            break;
        }
    });
}

}  // namespace

namespace {

const Tuple* own_slots(const Class* c) {
    const bool any = (c->class_flags & Class::kHeapType) && c->slot_names.is_object();
    return any && c->slot_names.as<Tuple>()->size ? c->slot_names.as<Tuple>() : nullptr;
}

// The nearest class that decides about the layout: a built-in one, or one with __slots__ of its own.
Class* solid_class(Class* c) {
    while ((c->class_flags & Class::kHeapType) && !own_slots(c)) c = c->base;
    // Exceptions without attributes of their own are laid out as their base.
    while (!(c->class_flags & Class::kHeapType) && c->instance_kind == Kind::Exception &&
           c->base->instance_kind == Kind::Exception && c->inline_slots == c->base->inline_slots)
        c = c->base;
    return c;
}

// Have instances of c what those of its base have not: slots, a __dict__, weak references?
bool extends_layout(const Class* c) {
    const Class* base = c->base;
    if (!base || c->instance_kind != base->instance_kind) return true;
    if (!(c->class_flags & Class::kHeapType)) return c->inline_slots != base->inline_slots;
    return own_slots(c) || ((c->class_flags ^ base->class_flags) & Class::kHasDict) ||
           takes_weakrefs(c) != takes_weakrefs(base);
}

bool bases_layout(VM& vm, Tuple* bases, Class*& layout) {
    layout = nullptr;
    Class* winner = nullptr;
    for (uint64_t i = 0; i < bases->size; i++) {
        Value v = bases->items[i];
        if (!v.is_object() || v.as_object()->kind != Kind::Class) {
            vm.type_error("bases must be types");
            return false;
        }
        auto* b = v.as<Class>();
        if (b->class_flags & Class::kFinal) {
            vm.type_error("type '%s' is not an acceptable base type", std::string(vm.class_name(b)).c_str());
            return false;
        }
        Class* candidate = solid_class(b);
        if (!winner || (vm.is_subclass(candidate, winner) && candidate != winner)) {
            winner = candidate;
            layout = b;
        } else if (!vm.is_subclass(winner, candidate)) {
            vm.type_error("multiple bases have instance lay-out conflict");
            return false;
        }
    }
    return true;
}

}  // namespace

bool same_layout(const Class* a, const Class* b) {
    while (!extends_layout(a)) a = a->base;
    while (!extends_layout(b)) b = b->base;
    if (a == b) return true;
    if (a->base != b->base || ((a->class_flags ^ b->class_flags) & Class::kHasDict) ||
        !(a->class_flags & b->class_flags & Class::kHeapType) || takes_weakrefs(a) != takes_weakrefs(b))
        return false;
    const Tuple *own = own_slots(a), *other = own_slots(b);
    if (!own || !other) return own == other;
    return own->size == other->size && std::equal(own->items, own->items + own->size, other->items,
                                                  [](Value x, Value y) { return x.is(y); });
}

bool is_class_name(VM& vm, Value name) {
    if (name.as<Str>()->view().find('\0') != std::string_view::npos) {
        vm.value_error("type name must not contain null characters");
        return false;
    }
    if (!(name.as<Str>()->state & Str::kHasSurrogates)) return true;
    surrogates_not_allowed(vm, name);
    return false;
}

bool set_mro(VM& vm, Class* cls, Tuple* mro) {
    for (uint64_t i = 0; i < mro->size; i++)
        if (!mro->items[i].is_object() || mro->items[i].as_object()->kind != Kind::Class) {
            vm.type_error("mro() returned a non-class ('%s')", vm.type_name(mro->items[i]));
            return false;
        }
    Class* const solid = solid_class(cls);
    for (uint64_t i = 0; i < mro->size; i++)
        if (!vm.is_subclass(solid, solid_class(mro->items[i].as<Class>()))) {
            vm.type_error("mro() returned base with unsuitable layout ('%s')",
                          std::string(vm.class_name(mro->items[i].as<Class>())).c_str());
            return false;
        }
    cls->mro = mro;
    vm.clear_method_cache();
    std::fill_n(cls->specials, int(Special::kCount), Value::unbound());
    fill_specials(vm, cls);
    return true;
}

// ---- lookup

void VM::clear_method_cache() {
    if (filled_count > kFewFilled) {
        std::memset(static_cast<void*>(method_cache.get()), 0, kMethodCache * sizeof(MethodCacheEntry));
        std::memset(static_cast<void*>(places.get()), 0, kPlaces * sizeof(PlaceEntry));
        filled_count = 0;
    }
    while (filled_count) {
        const size_t entry = filled[--filled_count];
        if (entry < kMethodCache)
            method_cache[entry] = {};
        else
            places[entry - kMethodCache] = {};
    }
}

Cell* VM::lookup_cell(Class* cls, Str* name) {
    size_t slot =
        ((reinterpret_cast<uintptr_t>(cls) >> 5) ^ (reinterpret_cast<uintptr_t>(name) >> 4)) % kMethodCache;
    MethodCacheEntry& entry = method_cache[slot];
    if (entry.cls == cls && entry.name == name && (!entry.cell || !entry.cell->value.is_unbound()))
        return entry.cell;
    uint64_t hash = hash_str(hash_key, name);
    Cell* found = nullptr;
    for (uint64_t i = 0; i < cls->mro->size && !found; i++) {
        DictEntry* e = dict_get_str(cls->mro->items[i].as<Class>()->attributes, name, hash);
        if (e) found = e->value.as<Cell>();
    }
    if ((name->flags & kInterned) && !defining_types(*this)) {
        entry = {cls, name, found};
        note_filled(entry);
    }
    return found;
}

Value VM::lookup(Class* cls, Str* name) {
    Cell* cell = lookup_cell(cls, name);
    return cell ? cell->value : Value::unbound();
}

void each_subclass(VM&, Class* cls, const std::function<void(Class*)>& f) {
    if (cls->subclasses.is_unbound()) return;
    List* l = cls->subclasses.as<List>();
    for (uint64_t i = 0; i < l->size; i++) {
        Value v = l->items->items[i].as<WeakRef>()->target;
        if (v.is_object()) f(v.as<Class>());
    }
}

// ---- attributes

// A method of a built-in class, kept by another class too, is to check its receivers from now on.
void check_receivers(Value v, const Tuple* mro) {
    if (Native* n = as_native(v); n && n->aux && n->owner.is_object()) {
        for (uint64_t i = 0; i < mro->size; i++)
            if (mro->items[i].is(n->owner)) return;
        n->aux = 0;
    }
}

// What inline caches rely on: an attribute of the class whose role changes is looked up anew.
enum class Role : uint8_t { Plain, Method, Descriptor, DataDescriptor };
static Role role_of(VM& vm, Value v) {
    if (is_data_descriptor(vm, v)) return Role::DataDescriptor;
    if (!is_descriptor(vm, v)) return Role::Plain;
    const Kind kind = v.as_object()->kind;
    return kind == Kind::Function || kind == Kind::Native ? Role::Method : Role::Descriptor;
}

void set_class_attribute(VM& vm, Class* cls, Str* name, Value v) {
    if (cls->mro) check_receivers(v, cls->mro);
    Value existing = vm.get(cls->attributes, name);
    if (!cls->mro && existing.is_unbound()) {  // being made: nobody has looked for anything in it
        if (v.is_unbound()) return;
        auto* cell = vm.heap.make<Cell>(Kind::Cell, kShapeCell);
        cell->value = v;
        vm.set(cls->attributes, name, Value::object(cell));
        return;
    }
    if (v.is_unbound()) {
        if (existing.is_unbound()) return;
        Cell* cell = existing.as<Cell>();
        dict_delete_str(vm.heap, cls->attributes, name, hash_str(vm.hash_key, name));
        cell->value = Value::unbound();
        vm.clear_method_cache();
    } else if (existing.is_unbound()) {
        if (cls->mro) supersede_visible(vm, cls, name);
        auto* cell = vm.heap.make<Cell>(Kind::Cell, kShapeCell);
        cell->value = v;
        vm.set(cls->attributes, name, Value::object(cell));
        vm.clear_method_cache();
        if (cls->root_shape && is_data_descriptor(vm, v)) flush_inline_caches(vm);
    } else {
        if (role_of(vm, existing.as<Cell>()->value) != role_of(vm, v)) {
            supersede(vm, cls, name);
            existing = vm.get(cls->attributes, name);
            forget_places(vm);
        }
        Cell* cell = existing.as<Cell>();
        cell->value = v;
        vm.heap.write(cell);
    }
    if (!cls->mro) return;
    int s = special_of(name);
    if (s >= 0) propagate_special(vm, cls, Special(s));
}

void make_root_shape(VM& vm, Class* cls) {
    bool slots = true;
    cls->root_shape = vm.shapes.make_root(cls, cls->inline_slots, slots).number;
}

// ---- making

Class* calculate_metaclass(VM& vm, Class* metaclass, Tuple* bases) {
    Class* winner = metaclass;
    for (uint64_t i = 0; i < bases->size; i++) {
        if (!bases->items[i].is_object() || bases->items[i].as_object()->kind != Kind::Class) continue;
        Class* m = vm.class_of(bases->items[i]);
        if (vm.is_subclass(winner, m)) continue;
        if (vm.is_subclass(m, winner)) {
            winner = m;
            continue;
        }
        vm.type_error(
            "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the "
            "metaclasses of all its bases");
        return nullptr;
    }
    return winner;
}

// The class's own attributes, from what its body has left. `cell`: that of `__class__`, if methods refer to it. False: raised.
static bool take_attributes(VM& vm, Class* cls, const Tuple* mro, const Dict* namespace_, Value& cell) {
    dict_reserve(vm.heap, cls->attributes, dict_length(namespace_) + 2);
    uint32_t position = 0;
    while (DictEntry* e = next_entry(namespace_, position)) {
        if (!is_str(e->key)) continue;
        Str* key = vm.strings.intern(vm.heap, e->key.as<Str>());
        Value v = e->value;
        if (key == vm.names.qualname) continue;
        if (key == vm.names.classcell) {
            if (!v.is_object() || v.as_object()->kind != Kind::Cell) {
                vm.type_error("__classcell__ must be a nonlocal cell, not <class '%s'>", vm.type_name(v));
                return false;
            }
            cell = v;
            continue;
        }
        bool function = v.is_object() && v.as_object()->kind == Kind::Function;
        if (function && key == vm.names.special[int(Special::New)]) {
            v = make_wrapper(vm, kShapeStaticMethod, v);
        } else if (function && (key == vm.names.special[int(Special::InitSubclass)] ||
                                key == vm.names.special[int(Special::ClassGetitem)])) {
            v = make_wrapper(vm, kShapeClassMethod, v);
        }
        check_receivers(v, mro);
        set_class_attribute(vm, cls, key, v);
    }
    return true;
}

Class* create_class(VM& vm, Class* metaclass, Str* name, Tuple* bases, Dict* namespace_) {
    if (bases->size == 0) {
        Value object = Value::object(vm.type(kShapeObject));
        bases = make_tuple(vm.heap, &object, 1);
    }
    Class* layout;
    if (!bases_layout(vm, bases, layout)) return nullptr;
    for (uint64_t i = 0; i < bases->size; i++)
        for (uint64_t j = i + 1; j < bases->size; j++)
            if (bases->items[i].is(bases->items[j])) {
                vm.type_error("duplicate base class %s",
                              std::string(vm.class_name(bases->items[i].as<Class>())).c_str());
                return nullptr;
            }
    if (!is_class_name(vm, Value::object(name))) return nullptr;
    Value doc = vm.get(namespace_, vm.names.doc);
    if (is_str(doc) && (doc.as<Str>()->state & Str::kHasSurrogates)) {
        surrogates_not_allowed(vm, doc);
        return nullptr;
    }
    Class* cls = new_class(vm, metaclass);
    cls->name = Value::object(name);
    cls->bases = bases;
    cls->base = layout;
    cls->instance_kind = layout->instance_kind;
    cls->class_flags =
        Class::kHeapType | (layout->class_flags & (Class::kException | Class::kHasDict | Class::kMetaclass));
    for (uint64_t i = 0; i < bases->size; i++)
        cls->class_flags |= bases->items[i].as<Class>()->class_flags & (Class::kHasDict | Class::kException);

    Value qualname = vm.get(namespace_, vm.names.qualname);
    if (!qualname.is_unbound() && !is_str(qualname)) {
        vm.type_error("type __qualname__ must be a str, not %s", vm.type_name(qualname));
        return nullptr;
    }
    cls->qualname = qualname.is_unbound() ? cls->name : qualname;
    cls->module = vm.get(namespace_, vm.names.module);
    const bool module_given = !cls->module.is_unbound();
    if (!module_given) {
        for (Frame* f = vm.frame; f; f = f->parent) {
            if (f->is_native()) continue;
            if (f->code()->code_flags & Code::kHidden) continue;
            cls->module = vm.get(f->fn()->globals, vm.names.name);
            break;
        }
    }
    Value slots = vm.get(namespace_, vm.names.slots);
    cls->inline_slots = layout->inline_slots;
    if (slots.is_unbound()) {
        cls->class_flags |= Class::kHasDict;
        uint32_t own = attributes_of_init(vm, namespace_);
        // No less than those of the base, whose __slots__ may be many.
        const uint32_t inherited = layout->inline_slots;
        const uint32_t wanted =
            own && layout->class_flags & Class::kHeapType ? inherited + own : std::max(own, 4u);
        cls->inline_slots = uint16_t(std::max(inherited, std::min(64u, wanted)));
    } else if (!define_slots(vm, cls, slots, namespace_)) {
        return nullptr;
    }
    std::vector<Value> order;
    if (!linearize(vm, cls, bases, order)) return nullptr;
    Tuple* mro = make_tuple(vm.heap, order.data(), order.size());
    if (!mro) {
        vm.out_of_memory();
        return nullptr;
    }
    Value cell = Value::unbound();
    if (!take_attributes(vm, cls, mro, namespace_, cell)) return nullptr;
    if (!module_given && !cls->module.is_unbound())
        set_class_attribute(vm, cls, vm.names.module, cls->module);
    if (vm.get(cls->attributes, vm.names.doc).is_unbound())
        set_class_attribute(vm, cls, vm.names.doc, Value::none());
    if (!vm.get(cls->attributes, vm.names.special[int(Special::Eq)]).is_unbound() &&
        vm.get(cls->attributes, vm.names.special[int(Special::Hash)]).is_unbound())
        set_class_attribute(vm, cls, vm.names.special[int(Special::Hash)], Value::none());
    cls->mro = mro;
    vm.clear_method_cache();  // a class that is gone may have stood at the same address
    fill_specials(vm, cls);
    make_root_shape(vm, cls);
    for (uint64_t i = 0; i < bases->size; i++) add_subclass(vm, bases->items[i].as<Class>(), cls);
    if (cell.is_object() && cell.as_object()->kind == Kind::Cell) {
        cell.as<Cell>()->value = Value::object(cls);
        vm.heap.write(cell.as_object());
    }
    return cls;
}

Outcome make_class(VM& vm, Class* metaclass, Str* name, Tuple* bases, Dict* namespace_, Value keywords) {
    Class* cls = create_class(vm, metaclass, name, bases, namespace_);
    if (!cls) return Outcome::raised();
    return vm.call(vm.natives.finish_class,
                   {Value::object(cls), keywords.is_unbound() ? Value::none() : keywords});
}

bool set_bases(VM& vm, Class* cls, Tuple* bases) {
    for (uint64_t i = 0; i < bases->size; i++)
        if (vm.is_subclass(bases->items[i].as<Class>(), cls)) {
            vm.type_error("a __bases__ item causes an inheritance cycle");
            return false;
        }
    Class* layout;
    if (!bases_layout(vm, bases, layout)) return false;
    if (!same_layout(layout, cls->base)) {
        vm.type_error("__bases__ assignment: '%s' object layout differs from '%s'",
                      std::string(vm.class_name(layout)).c_str(),
                      std::string(vm.class_name(cls->base)).c_str());
        return false;
    }
    Tuple* const old_bases = cls->bases;
    Class* const old_layout = cls->base;
    cls->bases = bases;
    cls->base = layout;
    vm.heap.write(cls);
    // Its order, and then that of each subclass and of what derives from it; if one of them has none, all are as before.
    std::vector<std::pair<Class*, Tuple*>> changed;
    std::vector<Class*> work{cls};
    while (!work.empty()) {
        Class* c = work.back();
        work.pop_back();
        std::vector<Value> mro;
        if (!linearize(vm, c, c->bases, mro)) {
            cls->bases = old_bases;
            cls->base = old_layout;
            for (size_t i = changed.size(); i-- > 0;) set_mro(vm, changed[i].first, changed[i].second);
            forget_places(vm);
            return false;
        }
        changed.push_back({c, c->mro});
        if (!set_mro(vm, c, make_tuple(vm.heap, mro.data(), mro.size()))) return false;
        uint32_t position = 0;
        while (DictEntry* e = next_entry(c->attributes, position))
            check_receivers(e->value.as<Cell>()->value, c->mro);
        const size_t before = work.size();
        each_subclass(vm, c, [&](Class* sub) { work.push_back(sub); });
        std::reverse(work.begin() + std::ptrdiff_t(before), work.end());
    }
    for (uint64_t i = 0; i < old_bases->size; i++) remove_subclass(old_bases->items[i].as<Class>(), cls);
    for (uint64_t i = 0; i < bases->size; i++) add_subclass(vm, bases->items[i].as<Class>(), cls);
    forget_places(vm);
    return true;
}

}  // namespace gen
