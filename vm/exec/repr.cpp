#include "vm/exec/repr.h"

#include "vm/exec/ops.h"
#include "vm/exec/step.h"

namespace gen {

// ---- the mark against endless repetition

static bool on_stack(const List* stack, Value v) {
    if (!stack) return false;
    for (size_t i = 0; i < stack->size; i += 2)
        if (stack->items->items[i].is(v)) return true;
    return false;
}

bool ReprRun::active(Frame* callers, Value v) {
    for (Frame* f = callers; f; f = f->parent) {
        if (f->aux & kBaseFrame) break;
        if (f->is_native()) {
            auto* native = static_cast<NativeFrame*>(f);
            if (native->native()->def == &kReprGoOn && on_stack((*native)[0].as<List>(), v)) return true;
        }
    }
    return false;
}

void ReprRun::give_up() {
    if (!stack_) return;
    for (size_t i = 0; i < stack_->size; i += 2) stack_->items->items[i].as_object()->state &= ~kReprActive;
    list_clear(vm_.heap, stack_);
}

void ReprRun::write_recursion(Value v) {
    switch (v.as_object()->kind) {
        case Kind::List:
            out_.append("[...]");
            break;
        case Kind::Tuple:
            out_.append("(...)");
            break;
        case Kind::Dict:
            out_.append("{...}");
            break;
        case Kind::Set:
            out_.append(vm_.class_name(vm_.class_of(v)));
            out_.append("(...)");
            break;
        default:
            out_.append("...");
    }
}

// ---- containers: an opening, items with what stands between them, a closing

bool ReprRun::open(Value v) {
    Object* o = v.as_object();
    switch (o->kind) {
        case Kind::List:
            out_.append('[');
            break;
        case Kind::Tuple:
            out_.append('(');
            break;
        case Kind::Dict:
            out_.append('{');
            break;
        case Kind::Set:
            if (o->shape != kShapeSet || set_length(v.as<Set>()) == 0) {
                out_.append(vm_.class_name(vm_.class_of(v)));
                out_.append('(');
            }
            if (set_length(v.as<Set>())) out_.append('{');
            break;
        case Kind::DictView:
            out_.append(vm_.class_name(vm_.class_of(v)));
            out_.append("([");
            break;
        case Kind::MappingProxy:
            out_.append("mappingproxy(");
            break;
        case Kind::Slice:
            out_.append("slice(");
            break;
        case Kind::BoundMethod: {
            out_.append("<bound method ");
            Value f = v.as<BoundMethod>()->function;
            if (f.is_object() && f.as_object()->kind == Kind::Function && is_str(f.as<Function>()->qualname))
                out_.append(f.as<Function>()->qualname.as<Str>());
            else if (Native* native = as_native(f))
                append_native_qualname(vm_, out_, native);
            else
                out_.append('?');
            out_.append(" of ");
            break;
        }
        case Kind::ClassMethod:
            out_.append("<classmethod(");
            break;
        case Kind::StaticMethod:
            out_.append("<staticmethod(");
            break;
        case Kind::Exception:
            out_.append(vm_.class_name(vm_.class_of(v)));
            out_.append('(');
            break;
        default:
            break;
    }
    o->state |= kReprActive;
    if (!stack_) stack_ = make_list(vm_.heap);
    return list_append(vm_.heap, stack_, v) && list_append(vm_.heap, stack_, Value::integer(0));
}

// Alternates keys and values: position is twice the entry's, plus one when its value comes next.
bool ReprRun::next_entry_of(const DictTable* table, int64_t& position, Value& item, bool values) {
    if (position & 1) {
        item = table->entries[position / 2].value;
        out_.append(values ? ": " : ", ");
        position++;
        return true;
    }
    auto at = uint32_t(position / 2);
    DictEntry* e = next_entry(table, at);
    if (!e) return false;
    separate(position == 0);
    item = e->key;
    position = int64_t(at - 1) * 2 + 1;
    return true;
}

// The attributes of a class, whose values stand in cells.
bool ReprRun::next_of_class(Class* cls, int64_t& position, Value& item) {
    const DictTable* table = cls->attributes->table;
    if (position & 1) {
        Value cell = table->entries[position / 2].value;
        out_.append(": ");
        item = cell.is_object() && cell.as_object()->kind == Kind::Cell ? cell.as<Cell>()->value : cell;
        position++;
        return true;
    }
    auto at = uint32_t(position / 2);
    DictEntry* e;
    do e = next_entry(table, at);
    while (e && e->value.is_object() && e->value.as_object()->kind == Kind::Cell &&
           e->value.as<Cell>()->value.is_unbound());
    if (!e) return false;
    separate(position == 0);
    item = e->key;
    position = int64_t(at - 1) * 2 + 1;
    return true;
}

bool ReprRun::next(Value v, int64_t& position, Value& item) {
    Object* o = v.as_object();
    auto one_of = [&](std::initializer_list<Value> items) {
        if (position >= int64_t(items.size())) return false;
        separate(position == 0);
        item = items.begin()[position++];
        return true;
    };
    switch (o->kind) {
        case Kind::List: {
            auto* l = v.as<List>();
            if (uint64_t(position) >= l->size) {
                out_.append(']');
                return false;
            }
            separate(position == 0);
            item = l->items->items[position++];
            return true;
        }
        case Kind::Exception:
        case Kind::Tuple: {
            auto* t = o->kind == Kind::Tuple ? v.as<Tuple>() : v.as<Exception>()->args.as<Tuple>();
            if (uint64_t(position) >= t->size) {
                out_.append(t->size == 1 && o->kind == Kind::Tuple ? ",)" : ")");
                return false;
            }
            separate(position == 0);
            item = t->items[position++];
            return true;
        }
        case Kind::Dict:
            if (next_entry_of(v.as<Dict>()->table, position, item, true)) return true;
            out_.append('}');
            return false;
        case Kind::Set: {
            auto at = uint32_t(position);
            if (DictEntry* e = next_entry(v.as<Set>(), at)) {
                separate(position == 0);
                item = e->key;
                position = at;
                return true;
            }
            if (set_length(v.as<Set>())) out_.append('}');
            if (o->shape != kShapeSet || set_length(v.as<Set>()) == 0) out_.append(')');
            return false;
        }
        case Kind::DictView: {
            const DictTable* table = v.as<DictView>()->dict->table;
            if (o->aux == DictView::kItems) {
                if (!(position & 1) && position) out_.append(')');
                bool more = next_entry_of(table, position, item, false);
                if (more && (position & 1)) out_.append('(');
                if (more) return true;
            } else {
                auto at = uint32_t(position);
                if (DictEntry* e = next_entry(table, at)) {
                    separate(position == 0);
                    item = o->aux == DictView::kKeys ? e->key : e->value;
                    position = at;
                    return true;
                }
            }
            out_.append("])");
            return false;
        }
        case Kind::MappingProxy: {
            Value mapping = v.as<MappingProxy>()->mapping;
            if (mapping.is_object() && mapping.as_object()->kind == Kind::Class) {
                if (position == 0) out_.append('{');
                if (next_of_class(mapping.as<Class>(), position, item)) return true;
                out_.append('}');
            } else if (one_of({mapping})) {
                return true;
            }
            out_.append(')');
            return false;
        }
        case Kind::Slice:
            if (one_of({v.as<Slice>()->start, v.as<Slice>()->stop, v.as<Slice>()->step})) return true;
            out_.append(')');
            return false;
        case Kind::BoundMethod:
            if (one_of({v.as<BoundMethod>()->self})) return true;
            out_.append('>');
            return false;
        case Kind::ClassMethod:
        case Kind::StaticMethod:
            if (one_of({v.as<ClassMethod>()->function})) return true;
            out_.append(")>");
            return false;
        case Kind::UnionType: {
            auto* args = v.as<UnionType>()->args.as<Tuple>();
            while (uint64_t(position) < args->size) {
                if (position) out_.append(" | ");
                item = args->items[position++];
                if (!append_type_name(vm_, out_, item, true)) return true;
            }
            return false;
        }
        case Kind::GenericAlias: {
            auto* alias = v.as<GenericAlias>();
            if (position == 0) {
                position = 1;
                if (alias->state & kStarredAlias) out_.append('*');
                item = alias->origin;
                if (!append_type_name(vm_, out_, item, false)) return true;
            }
            Value args = alias->args;
            size_t n = is_tuple(args) ? args.as<Tuple>()->size : 1;
            if (position == 1) out_.append(n ? "[" : "[()");
            while (size_t(position - 1) < n) {
                separate(position == 1);
                item = is_tuple(args) ? args.as<Tuple>()->items[position - 1] : args;
                position++;
                if (!append_type_name(vm_, out_, item, false)) return true;
            }
            out_.append(']');
            return false;
        }
        default:
            return false;
    }
}

// ---- the run

ReprRun::Progress ReprRun::write_by_layout(Value v) {
    switch (write_leaf(v)) {
        case Leaf::Written:
            return Progress::Finished;
        case Leaf::Raised:
            return Progress::Raised;
        case Leaf::Container:
            break;
    }
    if ((v.as_object()->state & kReprActive) && (on_stack(stack_, v) || active(vm_.frame, v))) {
        write_recursion(v);
        return Progress::Finished;
    }
    if (open(v)) return Progress::Finished;
    vm_.out_of_memory();
    return Progress::Raised;
}

ReprRun::Progress ReprRun::write(Value v) {
    if (has_layout_repr(v)) return write_by_layout(v);
    if (Native* n = as_native(vm_.special(v, Special::Repr))) {
        if (n->def->fn == repr_native) return write_by_layout(v);
        if (n->def->fn == object_repr_native) {
            append_default_repr(vm_, out_, v);
            return Progress::Finished;
        }
    }
    custom_ = v;
    return Progress::Custom;
}

ReprRun::Progress ReprRun::resume() {
    while (stack_ && stack_->size) {
        if (left_-- == 0) {
            left_ = kSlice;
            return Progress::Paused;
        }
        Value* top = stack_->items->items + stack_->size - 2;
        Value container = top[0], item;
        int64_t position = top[1].as_int();
        if (!next(container, position, item)) {
            container.as_object()->state &= ~kReprActive;
            stack_->size -= 2;
            continue;
        }
        top[1] = Value::integer(position);
        Progress p = write(item);
        if (p != Progress::Finished) return p;
    }
    return Progress::Finished;
}

// repr(stack, parts, custom): goes on where a script's __repr__ is needed (custom: of what; None: after a
// pause). `parts`: the text so far, in pieces.
static Outcome repr_go_on_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kGotText = 1, kPaused };
    switch (frame.step_state()) {
        case 0:
            for (;;) {
                frame.result() = Value::object(vm.empty_string);
                if (!frame[2].is_none()) {
                    AWAIT(kGotText, op_repr(vm, frame[2]));
                } else if (pause_due(vm)) {
                    frame.step_state() = kPaused;
                    return Outcome::collect();
                    case kPaused:
                        frame.result() = Value::object(vm.empty_string);
                }
                ReprRun run(vm, frame[0].as<List>());
                run.out().append(frame.result().as<Str>());
                ReprRun::Progress p = run.resume();
                if (p == ReprRun::Progress::Raised) {
                    run.give_up();
                    return Outcome::raised();
                }
                Str* piece = run.out().finish();
                if (!piece || !list_append(vm.heap, frame[1].as<List>(), Value::object(piece)))
                    return vm.out_of_memory();
                if (p == ReprRun::Progress::Finished) break;
                frame[2] = p == ReprRun::Progress::Custom ? run.custom() : Value::none();
                charge(vm, uint64_t(ReprRun::kSlice) * (p == ReprRun::Progress::Paused));
            }
            StringBuilder all(vm.heap);
            auto* parts = frame[1].as<List>();
            for (size_t i = 0; i < parts->size; i++) all.append(parts->items->items[i].as<Str>());
            return finish(vm, all);
    }
    return Outcome::raised();
}
const NativeDef kReprGoOn = {"repr(stack, parts, object, /)", nullptr, repr_go_on_step, 0, kHiddenNative};

Outcome finish_repr(VM& vm, ReprRun& run, ReprRun::Progress p) {
    if (p == ReprRun::Progress::Finished) return finish(vm, run.out());
    if (p == ReprRun::Progress::Raised) {
        run.give_up();
        return Outcome::raised();
    }
    Str* so_far = run.out().finish();
    if (!so_far) return vm.out_of_memory();
    Value part = Value::object(so_far);
    List* parts = make_list(vm.heap, &part, 1);
    return call_internal(vm, kReprGoOn,
                         {Value::object(run.stack()), Value::object(parts),
                          p == ReprRun::Progress::Custom ? run.custom() : Value::none()});
}

}  // namespace gen
