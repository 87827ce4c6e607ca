// _pickle.load(): reads what makes plain data. What does not, and what is wrong, is left to the actions of pickle/_reader.gen.
#include "runtime/modules/pickle.h"

#include <bit>

namespace gen {

namespace {

struct Reader {
    VM& vm;
    std::string_view data;
    size_t at;
    List* stack;
    Dict* memo;
    Value mark;

    bool has(size_t n) const { return data.size() - at >= n; }
    uint64_t number(size_t bytes) {
        uint64_t n = 0;
        for (size_t i = 0; i < bytes; i++) n |= uint64_t(uint8_t(data[at++])) << 8 * i;
        return n;
    }
    bool push(Value v) { return list_append(vm.heap, stack, v); }
    Value& top(size_t n = 0) { return stack->items->items[stack->size - 1 - n]; }
    void drop(size_t n) {
        for (size_t i = 0; i < n; i++) top(i) = Value::unbound();
        stack->size -= n;
    }
    // How many items stand behind the last mark; false: there is none.
    bool marked(size_t& n) const {
        for (size_t i = stack->size; i-- > 0;) {
            if (!stack->items->items[i].is(mark)) continue;
            n = stack->size - 1 - i;
            return true;
        }
        return false;
    }
};

// Can it be a key without asking the script?
bool is_plain_key(Value v) {
    return v.is_int() || v.is_none() || v.is_bool() || v.is_inline_float() || is_exact_str(v) ||
           (v.is_object() && v.as_object()->shape == kShapeBytes);
}

// One instruction, `at` standing behind its opcode. False: it is not for us, and `at` and the stack are as they were.
bool act(Reader& r, uint8_t opcode, bool& memory) {
    VM& vm = r.vm;
    auto push = [&](Value v) {
        memory = memory && !v.is_unbound() && r.push(v);
        return true;
    };
    auto text = [&](size_t width, bool bytes) {
        const size_t start = r.at;
        if (!r.has(width)) return false;
        const uint64_t n = r.number(width);
        if (!r.has(n)) {
            r.at = start;
            return false;
        }
        std::string_view s = r.data.substr(r.at, n);
        if (bytes) {
            r.at += n;
            Bytes* b = make_bytes(vm.heap, s);
            return push(b ? Value::object(b) : Value::unbound());
        }
        for (char c : s)
            if (c & 0x80) {
                r.at = start;
                return false;
            }
        r.at += n;
        Str* made = make_str(vm.heap, s);
        return push(made ? Value::object(made) : Value::unbound());
    };
    auto tuple = [&](size_t n, size_t drop) {
        Tuple* t = make_tuple(vm.heap, r.stack->items->items + r.stack->size - n, n);
        if (!t) {
            memory = false;
            return true;
        }
        r.drop(drop);
        return push(Value::object(t));
    };
    auto remember = [&](uint64_t n) {
        if (r.stack->size) memory = op_dict_set(vm, r.memo, Value::integer(int64_t(n)), r.top()).is_value();
        return r.stack->size != 0;
    };
    auto recall = [&](uint64_t n, size_t width) {
        Outcome o = op_dict_get(vm, r.memo, Value::integer(int64_t(n)));
        if (!o.is_value() || o.value().is_unbound()) {
            r.at -= width;
            return false;
        }
        return push(o.value());
    };
    size_t n;
    switch (opcode) {
        case 0x95:  // a frame
            if (!r.has(8)) return false;
            r.at += 8;
            return true;
        case 'N':
            return push(Value::none());
        case 0x88:
            return push(Value::true_());
        case 0x89:
            return push(Value::false_());
        case 'K':
        case 'M':
            n = opcode == 'K' ? 1 : 2;
            return r.has(n) && push(Value::integer(int64_t(r.number(n))));
        case 'J':
            return r.has(4) && push(Value::integer(int32_t(r.number(4))));
        case 0x8a: {  // up to 255 bytes
            if (!r.has(1)) return false;
            n = uint8_t(r.data[r.at]);
            if (n > 7 || !r.has(1 + n)) return false;
            r.at++;
            uint64_t v = r.number(n);
            if (n && v >> (8 * n - 1)) v -= uint64_t{1} << 8 * n;
            return push(vm.integer(int64_t(v)));
        }
        case 'G': {
            if (!r.has(8)) return false;
            uint64_t bits = 0;
            for (int i = 0; i < 8; i++) bits = bits << 8 | uint8_t(r.data[r.at++]);
            return push(vm.real(std::bit_cast<double>(bits)));
        }
        case 0x8c:
            return text(1, false);
        case 'X':
            return text(4, false);
        case 'C':
            return text(1, true);
        case 'B':
            return text(4, true);
        case '(':
            return push(r.mark);
        case ')':
            return push(Value::object(vm.empty_tuple));
        case ']':
            return push(vm.list());
        case '}':
            return push(Value::object(vm.dict()));
        case 0x8f: {
            Set* s = make_set(vm.heap);
            return push(s ? Value::object(s) : Value::unbound());
        }
        case 0x85:
        case 0x86:
        case 0x87:
            n = opcode - 0x84;
            return r.stack->size >= n && tuple(n, n);
        case 't':
            return r.marked(n) && tuple(n, n + 1);
        case 'a':
            if (r.stack->size < 2 || !is_exact_list(r.top(1))) return false;
            memory = list_append(vm.heap, r.top(1).as<List>(), r.top());
            if (memory) r.drop(1);
            return true;
        case 'e':
            if (!r.marked(n) || r.stack->size < n + 2 || !is_exact_list(r.top(n + 1))) return false;
            memory =
                list_extend(vm.heap, r.top(n + 1).as<List>(), r.stack->items->items + r.stack->size - n, n);
            if (memory) r.drop(n + 1);
            return true;
        case 's':
        case 'u':
            if (opcode == 's')
                n = 2;
            else if (!r.marked(n) || n % 2)
                return false;
            if (r.stack->size < n + 1 + (opcode == 'u') || !is_exact(r.top(n + (opcode == 'u')), kShapeDict))
                return false;
            for (size_t i = 0; i < n; i += 2)
                if (!is_plain_key(r.top(i + 1))) return false;
            for (size_t i = n; i > 0 && memory; i -= 2)
                memory = op_dict_set(vm, r.top(n + (opcode == 'u')).as<Dict>(), r.top(i - 1), r.top(i - 2))
                             .is_value();
            if (memory) r.drop(n + (opcode == 'u'));
            return true;
        case 0x90:
            if (!r.marked(n) || r.stack->size < n + 2 || !is_exact(r.top(n + 1), kShapeSet)) return false;
            for (size_t i = 0; i < n; i++)
                if (!is_plain_key(r.top(i))) return false;
            for (size_t i = n; i > 0 && memory; i--)
                memory = op_set_add(vm, r.top(n + 1).as<Set>(), r.top(i - 1)).is_value();
            if (memory) r.drop(n + 1);
            return true;
        case 0x81: {
            if (r.stack->size < 2 || !r.top().is(Value::object(vm.empty_tuple)) || !r.top(1).is_object() ||
                r.top(1).as_object()->kind != Kind::Class || !is_plain_class(vm, r.top(1).as<Class>()))
                return false;
            Object* o = allocate_instance(vm, r.top(1).as<Class>());
            r.drop(2);
            return push(o ? Value::object(o) : Value::unbound());
        }
        case 'b': {
            if (r.stack->size < 2 || !is_exact(r.top(), kShapeDict) || !r.top(1).is_object() ||
                r.top(1).as_object()->kind != Kind::Instance)
                return false;
            Object* o = r.top(1).as_object();
            const Dict* state = r.top().as<Dict>();
            if (!is_plain_class(vm, vm.class_of(r.top(1))) ||
                !vm.lookup(vm.class_of(r.top(1)), vm.intern("__setstate__")).is_unbound())
                return false;
            uint32_t position = 0;
            while (DictEntry* e = next_entry(state, position))
                if (!is_exact_str(e->key)) return false;
            position = 0;
            while (DictEntry* e = next_entry(state, position))
                memory =
                    memory && set_instance_attribute(vm, o, vm.intern(e->key.as<Str>()->view()), e->value);
            if (memory) r.drop(1);
            return true;
        }
        case 0x94:
            return remember(dict_length(r.memo));
        case 'q':
            return r.has(1) && remember(r.number(1));
        case 'r':
            return r.has(4) && remember(r.number(4));
        case 'h':
            return r.has(1) && recall(r.number(1), 1);
        case 'j':
            return r.has(4) && recall(r.number(4), 4);
        default:
            return false;
    }
}

// Does `at` stand in the data, or right behind it?
bool is_place(Value at, Value data) {
    return at.is_int() && uint64_t(at.as_int()) <= view_of(data.as<Bytes>()).size();
}

}  // namespace

// load(unpickler, data, at, stack, memo, mark): up to the end of the pickle; answers where that is.
Outcome load_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kPaused = 1, kActed };
    constexpr int kSlice = 256;  // instructions between two looks at the budget
    if (frame.step_state() == 0 &&
        (!frame[0].is_object() || frame[0].as_object()->kind != Kind::Instance || !is_bytes(frame[1]) ||
         !is_place(frame[2], frame[1]) || !is_exact_list(frame[3]) || !is_exact(frame[4], kShapeDict)))
        return vm.type_error("load() is for unpicklers");
    Reader r{vm,
             view_of(frame[1].as<Bytes>()),
             size_t(frame[2].as_int()),
             frame[3].as<List>(),
             frame[4].as<Dict>(),
             frame[5]};
    Value at_name = Value::object(vm.intern("_at"));
    bool memory = true, other = false;
    switch (frame.step_state()) {
        case 0:
            for (;;) {
                PAUSE(kPaused);
                vm.budget -= kSlice / 4;
                other = false;
                for (int i = 0; i < kSlice && !other; i++) {
                    const size_t before = r.at;
                    const uint8_t opcode = r.has(1) ? uint8_t(r.data[r.at++]) : 0;
                    if (opcode == '.') return Value::integer(int64_t(r.at));
                    other = !opcode || !act(r, opcode, memory);
                    if (other) r.at = before;
                    if (!memory) return vm.out_of_memory();
                }
                frame[2] = Value::integer(int64_t(r.at));
                if (!other) continue;
                // One for the script, whose unpickler has to know where it is.
                if (!set_instance_attribute(vm, frame[0].as_object(), at_name.as<Str>(), frame[2]))
                    return vm.out_of_memory();
                AWAIT(kActed, vm.call(vm.natives.call_attribute,
                                      {frame[0], vm.str("_act"), Value::object(vm.empty_tuple)}));
                frame[2] = get_instance_attribute(vm, frame[0].as_object(), at_name.as<Str>());
                if (!is_place(frame[2], frame[1])) return vm.type_error("load() has lost its place");
                r.at = size_t(frame[2].as_int());
            }
    }
    return Value::none();
}

}  // namespace gen
