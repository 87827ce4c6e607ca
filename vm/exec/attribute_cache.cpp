// Inline caches of attribute instructions. See opcodes.def for the words that hold them.
#include "vm/exec/exec.h"
#include "vm/exec/lookup.h"

namespace gen {

namespace {

constexpr int kIndexBits = 20;

void set_cache(VM& vm, Frame* fr, Instruction* pc, Op op, uint64_t word, unsigned landing, uint32_t key) {
    pc[1].bits = word;
    pc[landing].bits = (pc[landing].bits & 0xffffffff) | uint64_t(key) << 32;
    *reinterpret_cast<uint8_t*>(pc) = uint8_t(op);
    vm.heap.write(fr->code());
}

// Where an attribute of an object with a cacheable shape comes from.
struct Place {
    enum { None, Slot, ClassCell } where = None;
    uint64_t offset = 0;
    Cell* cell = nullptr;
};

Place find_place(VM& vm, Object* o, Str* name) {
    Place p;
    VM::PlaceEntry& known = vm.place_entry(o->shape, name);
    auto remember = [&] {
        known = {name, o->shape, p.where == Place::Slot, false,
                 p.where == Place::Slot ? p.offset : reinterpret_cast<uint64_t>(p.cell)};
        vm.note_filled(known);
        return p;
    };
    const Shape& shape = vm.shapes[o->shape];
    Class* cls = shape.cls;
    if (shape.dictionary || !(cls->class_flags & Class::kPlainGetattr)) return p;
    if (o->kind == Kind::Module || o->kind == Kind::Class || o->kind == Kind::Super ||
        o->kind == Kind::Function || o->kind == Kind::GenericAlias)
        return p;
    Cell* cell = vm.lookup_cell(cls, name);
    bool has_slots = shape.offset != Shape::kNoSlots;
    if (cell && is_data_descriptor(vm, cell->value)) {
        bool own_slot = cell->value.as_object()->kind == Kind::Member && !cell->value.as<Member>()->def;
        if (!own_slot || !has_slots || shape.offset == 0) return p;
        cell = nullptr;
    }
    int slot = has_slots ? shape.find(name) : Shape::kAbsent;
    if (slot >= 0) {
        if (uint32_t(slot) >= shape.inline_slots || shape.offset == 0) return p;
        p.where = Place::Slot;
        p.offset = shape.offset + 8 + 8 * uint64_t(slot);
        return remember();
    }
    if (!cell) return p;
    p.where = Place::ClassCell;
    p.cell = cell;
    return remember();
}

bool is_plain_method(Value v) {
    return v.is_object() && ((v.as_object()->kind == Kind::Function &&
                              !(v.as<Function>()->code->code_flags & Code::kUnbound)) ||
                             (v.as_object()->kind == Kind::Native && binds(v.as_object())));
}

// Where a module's dict has the attribute, as a cache word: the position of its entry. False: it does not fit, or the
// module's class has a say.
bool entry_word(VM& vm, Module* m, Str* name, uint64_t& word) {
    if (m->shape != kShapeModule) {
        Class* cls = vm.shapes[m->shape].cls;
        if (!(cls->class_flags & Class::kPlainGetattr)) return false;
        if (is_data_descriptor(vm, vm.lookup(cls, name))) return false;
    }
    Dict* d = m->dict;
    DictEntry* e = dict_get_str(d, name, hash_str(vm.hash_key, name));
    if (!e) return false;
    uint64_t index = uint64_t(e - d->table->entries);
    if (index >> kIndexBits) return false;
    word = d->version << kIndexBits | index;
    return true;
}

}  // namespace

Outcome get_attr_miss(VM& vm, Frame* fr, Instruction* pc, Value v, Str* name) {
    if (!v.is_object()) return op_getattr(vm, v, name);
    Object* o = v.as_object();
    if (o->kind == Kind::Module) {
        uint64_t word;
        if (entry_word(vm, static_cast<Module*>(o), name, word))
            set_cache(vm, fr, pc, Op::GET_ATTR_MODULE, word, 2, 0);
        return op_getattr(vm, v, name);
    }
    if (o->kind == Kind::Class) {
        auto* cls = static_cast<Class*>(o);
        Class* metaclass = vm.class_of(v);
        // What the class has is found before the metaclass's __getattr__ is asked.
        Value lookup = metaclass->specials[int(Special::Getattribute)];
        if (lookup.is(vm.type(kShapeType)->specials[int(Special::Getattribute)])) {
            Value meta = vm.lookup(metaclass, name);
            Cell* cell = vm.lookup_cell(cls, name);
            bool plain = cell && cell->value.is_object()
                             ? (!is_descriptor(vm, cell->value) || is_plain_method(cell->value))
                             : cell != nullptr;
            if (plain && (meta.is_unbound() || !is_data_descriptor(vm, meta)))
                set_cache(vm, fr, pc, Op::GET_ATTR_TYPE, reinterpret_cast<uint64_t>(cell), 2,
                          uint32_t(v.bits() >> 3));
        }
        return op_getattr(vm, v, name);
    }
    Place p = find_place(vm, o, name);
    if (p.where == Place::Slot) {
        Value found = *reinterpret_cast<Value*>(reinterpret_cast<char*>(o) + p.offset);
        if (!found.is_unbound()) {
            set_cache(vm, fr, pc, Op::GET_ATTR_SLOT, p.offset, 2, o->shape);
            return found;
        }
    } else if (p.where == Place::ClassCell && !is_descriptor(vm, p.cell->value)) {
        set_cache(vm, fr, pc, Op::GET_ATTR_CLASS, reinterpret_cast<uint64_t>(p.cell), 2, o->shape);
        return p.cell->value;
    }
    return op_getattr(vm, v, name);
}

Outcome set_attr_miss(VM& vm, Frame* fr, Instruction* pc, Value v, Str* name, Value item) {
    if (!v.is_object()) return op_setattr(vm, v, name, item);
    Object* o = v.as_object();
    const Shape* shape = &vm.shapes[o->shape];
    Class* cls = shape->cls;
    bool cacheable = (cls->class_flags & Class::kPlainSetattr) && shape->offset != Shape::kNoSlots &&
                     shape->offset != 0 && !shape->dictionary && o->kind != Kind::Class &&
                     o->kind != Kind::Module;
    if (!cacheable) return op_setattr(vm, v, name, item);
    Value attribute = vm.lookup(cls, name);
    bool data = is_data_descriptor(vm, attribute);
    bool own_slot = data && attribute.as_object()->kind == Kind::Member && !attribute.as<Member>()->def;
    if ((data && !own_slot) || (!own_slot && !(cls->class_flags & Class::kHasDict)))
        return op_setattr(vm, v, name, item);
    uint32_t before = o->shape;
    int slot = shape->find(name);
    Outcome done = op_setattr(vm, v, name, item);
    if (!done.is_value()) return done;
    const Shape& after = vm.shapes[o->shape];
    if (slot >= 0 && uint32_t(slot) < after.inline_slots) {
        const uint64_t offset = after.offset + 8 + 8 * uint64_t(slot);
        set_cache(vm, fr, pc, Op::SET_ATTR_SLOT, offset, 2, before);
        VM::PlaceEntry& known = vm.place_entry(before, name);
        known = {name, before, true, true, offset};
        vm.note_filled(known);
    } else if (slot < 0 && !after.dictionary && after.slots <= after.inline_slots && after.number != before) {
        set_cache(vm, fr, pc, Op::SET_ATTR_ADD,
                  uint64_t(after.number) << 32 | (after.offset + 8 * uint64_t(after.slots)), 2, before);
    }
    return done;
}

bool load_method_miss(VM& vm, Frame* fr, Instruction* pc, Value& v, Str* name, Outcome& out,
                      Value& function) {
    const bool invoke = pc->op() == Op::INVOKE;
    const unsigned landing = invoke ? 3 : 2;
    if (v.is_object() && v.as_object()->shape == kShapeSuper) {
        auto* s = v.as<Super>();
        Value found = lookup_super(vm, s, name);
        if (is_plain_method(found) && !s->self.is(s->self_type)) {
            v = s->self;
            function = found;
            return true;
        }
        out = op_getattr(vm, v, name);
        return false;
    }
    if (!v.is_object()) {
        Class* cls = vm.class_of(v);
        Value attribute = vm.lookup(cls, name);
        if (is_plain_method(attribute)) {
            function = attribute;
            return true;
        }
        out = op_getattr(vm, v, name);
        return false;
    }
    Object* o = v.as_object();
    if (invoke && o->shape == kShapeGenerator &&
        ((name == vm.names.send && pc->c() == 1) ||
         (name == vm.names.special[int(Special::Next)] && pc->c() == 0))) {
        Cell* cell = vm.lookup_cell(vm.type(kShapeGenerator), name);
        if (cell) {
            set_cache(vm, fr, pc, Op::INVOKE_SEND, reinterpret_cast<uint64_t>(cell), landing, o->shape);
            function = cell->value;
            return true;
        }
    }
    if (invoke && o->kind == Kind::Module) {
        uint64_t word;
        if (entry_word(vm, static_cast<Module*>(o), name, word))
            set_cache(vm, fr, pc, Op::INVOKE_MODULE, word, landing, 0);
    }
    Place p = find_place(vm, o, name);
    if (p.where == Place::ClassCell && is_plain_method(p.cell->value)) {
        set_cache(vm, fr, pc, invoke ? Op::INVOKE_HIT : Op::LOAD_METHOD_HIT,
                  reinterpret_cast<uint64_t>(p.cell), landing, o->shape);
        function = p.cell->value;
        return true;
    }
    out = op_getattr(vm, v, name);
    return false;
}

void forget_places(VM& vm) {
    vm.clear_method_cache();
    flush_inline_caches(vm);
}

void flush_inline_caches(VM& vm) {
    for (Code* code : vm.codes) {
        if (!code->caches || !code->instructions) continue;
        auto* offsets = reinterpret_cast<const uint32_t*>(code->caches->data);
        auto* words = reinterpret_cast<uint8_t*>(code->instructions->data);
        for (size_t i = 0; i < code->caches->size / 4; i++) {
            uint8_t& op = words[8 * size_t(offsets[i])];
            switch (Op(op)) {
                case Op::GET_ATTR_SLOT:
                case Op::GET_ATTR_CLASS:
                case Op::GET_ATTR_TYPE:
                case Op::GET_ATTR_MODULE:
                    op = uint8_t(Op::GET_ATTR);
                    break;
                case Op::SET_ATTR_SLOT:
                case Op::SET_ATTR_ADD:
                    op = uint8_t(Op::SET_ATTR);
                    break;
                case Op::LOAD_METHOD_HIT:
                    op = uint8_t(Op::LOAD_METHOD);
                    break;
                case Op::INVOKE_HIT:
                case Op::INVOKE_SEND:
                case Op::INVOKE_MODULE:
                    op = uint8_t(Op::INVOKE);
                    break;
                default:
                    break;
            }
        }
    }
}

}  // namespace gen
